import {
  type RecordedCommit,
  shardOfGroup,
  type StreamName,
  type VariableEvent,
  variableStreamId,
} from '@sluice/contracts';
import type { EventLog } from '@sluice/event-log';
import type { KnownVariable } from '@sluice/planning';

import type { VariablesPort } from './ports.js';

/** A little more than stands between two checkpoints. */
const LOOK_BACK = 640;

type VariableCommit = RecordedCommit<'variable'>;

/**
 * What is known of a variable, read through from its stream: a ramp that ended a moment ago counts for the next plan.
 * From its last checkpoint on, where there is one.
 */
export class LogVariables implements VariablesPort {
  constructor(private readonly log: EventLog) {}

  async variable(fleet: string, name: string): Promise<KnownVariable | undefined> {
    const stream: StreamName & { writer: 'variable' } = {
      shard: shardOfGroup(fleet),
      writer: 'variable',
      id: variableStreamId(fleet, name),
    };
    const last = await this.log.last(stream);
    if (last === undefined) return undefined;
    const from = Math.max(1, last.head.rev - LOOK_BACK);
    const tail: VariableCommit[] = [];
    for await (const commit of this.log.read(stream, from)) tail.push(commit);
    const isWhole = from === 1 || tail.some(({ events }) => events.some(({ type }) => type === 'VariableCheckpointed'));
    let known: KnownVariable | undefined;
    if (isWhole) for (const { events } of tail) known = foldAll(known, events);
    else for await (const { events } of this.log.read(stream)) known = foldAll(known, events);
    return known;
  }
}

const foldAll = (known: KnownVariable | undefined, events: VariableCommit['events']): KnownVariable | undefined =>
  events.reduce<KnownVariable | undefined>((before, event) => fold(before, event as VariableEvent), known);

function fold(known: KnownVariable | undefined, event: VariableEvent): KnownVariable | undefined {
  if (event.type === 'VariableDefined') {
    const { spec } = event;
    const isSame = known?.spec.from === spec.from && known.spec.to === spec.to;
    return isSame ? { ...known, spec } : { spec, phase: 'defined', whole: false };
  }
  if (event.type === 'VariableCheckpointed') {
    const { spec, phase } = event;
    // Without limits, all hosts of a ramp that is over have the new value.
    return { spec, phase, whole: phase === 'finished' && (known?.whole ?? Object.keys(spec.limits).length === 0) };
  }
  return known === undefined ? undefined : moved(known, event);
}

type Moved = Exclude<VariableEvent, { readonly type: 'VariableDefined' | 'VariableCheckpointed' }>;

function moved(known: KnownVariable, event: Moved): KnownVariable {
  switch (event.type) {
    case 'RampStarted':
      return { ...known, phase: 'ramping' };
    case 'RampReversed':
      return { ...known, phase: 'reversing' };
    // Which way it goes matters to nobody here: it is under way.
    case 'RampResumed':
      return { ...known, phase: 'ramping' };
    case 'RampPaused':
      return { ...known, phase: 'paused' };
    case 'RampStopped':
      return { ...known, phase: 'stopped' };
    case 'RampFinished':
      if (event.side === 'from') return { ...known, phase: 'reversed' };
      return { ...known, phase: 'finished', whole: event.counts.from === 0 };
    case 'VariableReverted':
      return { ...known, phase: 'reverted' };
    default:
      return known;
  }
}
