import type { EventMeta, RampPhase, RecordedCommit, StreamName, VariableEvent, VariableSpec } from '@sluice/contracts';
import type { EventLog } from '@sluice/event-log';

import { FREEZE_POLICY } from '../variables/freezing.js';
import type { VariableSight } from './ports.js';

/** A little more than stands between two checkpoints. */
const LOOK_BACK = 640;

type Commit = RecordedCommit<'variable'>;

interface Fold {
  readonly spec: VariableSpec;
  readonly phase: RampPhase;
  /** Its last pause is a freeze's. */
  readonly held: boolean;
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
  if (isWhole) for (const commit of tail) known = foldAll(known, commit);
  else for await (const commit of log.read(stream)) known = foldAll(known, commit);
  if (known === undefined) return undefined;
  const { spec, phase, held, to, hosts, words } = known;
  return { spec, phase, held: phase === 'paused' && held, to, hosts, ...(words === undefined ? {} : { words }) };
}

const foldAll = (known: Fold | undefined, { events, meta }: Commit): Fold | undefined =>
  events.reduce<Fold | undefined>((before, event, i) => fold(before, event as VariableEvent, meta[i]), known);

function fold(known: Fold | undefined, event: VariableEvent, meta: EventMeta | undefined): Fold | undefined {
  if (event.type === 'VariableDefined') {
    const { spec } = event;
    const isSame = known?.spec.from === spec.from && known.spec.to === spec.to;
    return isSame ? { ...known, spec } : { spec, phase: 'defined', held: false, back: false, to: 0, hosts: 0 };
  }
  if (event.type === 'VariableCheckpointed') {
    const { spec, phase, direction, stopped } = event;
    const words = stopped === undefined ? {} : { words: stopped.words };
    // None is said of what a freeze holds.
    return { spec, phase, held: false, back: direction < 0, to: 0, hosts: 0, ...words };
  }
  return known === undefined ? undefined : moved(known, event, meta);
}

type Moved = Exclude<VariableEvent, { readonly type: 'VariableDefined' | 'VariableCheckpointed' }>;

function moved({ words: _, ...known }: Fold, event: Moved, meta: EventMeta | undefined): Fold {
  switch (event.type) {
    case 'RampStarted':
      return { ...known, phase: 'ramping', back: false };
    case 'RampReversed':
      return { ...known, phase: 'reversing', back: true };
    case 'RampResumed':
      return { ...known, phase: known.back ? 'reversing' : 'ramping' };
    case 'RampPaused':
      return { ...known, phase: 'paused', held: meta?.by.id === FREEZE_POLICY.id };
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
