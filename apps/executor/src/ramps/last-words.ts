import type { RampPhase, RecordedCommit, StreamName, VariableEvent, VariableSpec } from '@sluice/contracts';
import type { EventLog } from '@sluice/event-log';

import type { VariableSight } from './ports.js';

/** A little more than stands between two checkpoints. */
const LOOK_BACK = 640;

type Commit = RecordedCommit<'variable'>;

interface Fold {
  readonly spec: VariableSpec;
  readonly phase: RampPhase;
  /** A paused way back goes on as one. */
  readonly back: boolean;
  readonly to: number;
  readonly hosts: number;
  readonly words?: string;
}

/**
 * A variable as its stream says, from the last checkpoint on. How many hosts there are stands in another stream: they
 * are told when the ramp is over, and none before.
 */
export async function lastWords(
  log: EventLog,
  stream: StreamName & { readonly writer: 'variable' },
): Promise<VariableSight | undefined> {
  const last = await log.last(stream);
  if (last === undefined) return undefined;
  const from = Math.max(1, last.head.rev - LOOK_BACK);
  const tail: Commit[] = [];
  for await (const commit of log.read(stream, from)) tail.push(commit);
  const isWhole = from === 1 || tail.some(({ events }) => events.some(({ type }) => type === 'VariableCheckpointed'));
  let known: Fold | undefined;
  if (isWhole) for (const { events } of tail) known = foldAll(known, events);
  else for await (const { events } of log.read(stream)) known = foldAll(known, events);
  if (known === undefined) return undefined;
  const { spec, phase, to, hosts, words } = known;
  return { spec, phase, to, hosts, ...(words === undefined ? {} : { words }) };
}

const foldAll = (known: Fold | undefined, events: Commit['events']): Fold | undefined =>
  events.reduce<Fold | undefined>((before, event) => fold(before, event as VariableEvent), known);

function fold(known: Fold | undefined, event: VariableEvent): Fold | undefined {
  if (event.type === 'VariableDefined') {
    const { spec } = event;
    const isSame = known?.spec.from === spec.from && known.spec.to === spec.to;
    return isSame ? { ...known, spec } : { spec, phase: 'defined', back: false, to: 0, hosts: 0 };
  }
  if (event.type === 'VariableCheckpointed') {
    const { spec, phase, direction, stopped } = event;
    const words = stopped === undefined ? {} : { words: stopped.words };
    return { spec, phase, back: direction < 0, to: 0, hosts: 0, ...words };
  }
  return known === undefined ? undefined : moved(known, event);
}

type Moved = Exclude<VariableEvent, { readonly type: 'VariableDefined' | 'VariableCheckpointed' }>;

function moved({ words: _, ...known }: Fold, event: Moved): Fold {
  switch (event.type) {
    case 'RampStarted':
      return { ...known, phase: 'ramping', back: false };
    case 'RampReversed':
      return { ...known, phase: 'reversing', back: true };
    case 'RampResumed':
      return { ...known, phase: known.back ? 'reversing' : 'ramping' };
    case 'RampPaused':
      return { ...known, phase: 'paused' };
    case 'RampStopped':
      return { ...known, phase: 'stopped', words: event.cause.words };
    case 'RampFinished':
      return {
        ...known,
        phase: event.side === 'to' ? 'finished' : 'reversed',
        to: event.counts.to,
        hosts: event.counts.from + event.counts.to + event.counts.pinned,
      };
    case 'VariableReverted':
      return { ...known, phase: 'reverted', back: false };
    default:
      return known;
  }
}
