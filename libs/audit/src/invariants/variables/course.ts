import type { RampPhase, VariableEvent } from '@sluice/contracts';

import { define } from './define.js';
import { checkpoint, finish } from './ends.js';
import { churnOf } from './fleet-model.js';
import { assign } from './flips.js';
import { durationOf } from './line-model.js';
import { pin, unpin } from './pins.js';
import type { Told } from './told.js';
import { activeAt, enter, noteChanges, roleCounts, type VariableModel } from './variable-model.js';

type Of<T extends VariableEvent['type']> = Extract<VariableEvent, { readonly type: T }>;
type Heading = Of<
  'RampStarted' | 'RampReversed' | 'RampPaused' | 'RampResumed' | 'RampStopped' | 'RampFinishOrdered' | 'RampFinished'
>;

/** The phases in which each may be said; anything else is a flip that nobody may make, or a release that nobody gave. */
const FROM: Readonly<Record<Heading['type'] | 'VariableReverted', readonly RampPhase[]>> = {
  RampStarted: ['defined', 'reversing', 'reversed', 'reverted'],
  RampPaused: ['ramping', 'reversing'],
  RampStopped: ['ramping', 'reversing', 'paused', 'finished'],
  RampResumed: ['paused', 'stopped'],
  RampReversed: ['ramping', 'paused', 'stopped', 'finished'],
  RampFinishOrdered: ['ramping'],
  RampFinished: ['ramping', 'reversing'],
  VariableReverted: ['ramping', 'paused', 'stopped', 'finished', 'reversing', 'reversed'],
};

/** What time alone brings. */
const OF_TIME: ReadonlySet<string> = new Set(['ValuesAssigned', 'RampFinished', 'VariableCheckpointed']);
const OF_FREEZES: ReadonlySet<string> = new Set(['RampPaused', 'RampResumed']);

/** Reads one event of a variable: first what must hold, then what it changes. */
export function applyVariable(model: VariableModel, event: VariableEvent, told: Told): void {
  isOrdered(event, told);
  switch (event.type) {
    case 'VariableDefined':
      return define(model, event, told);
    case 'ValuesAssigned':
      return assign(model, event, told);
    case 'HostsPinned':
      return pin(model, event, told);
    case 'HostsUnpinned':
      return unpin(model, event, told);
    case 'VariableCheckpointed':
      return checkpoint(model, event, told);
    default:
      if (!FROM[event.type].includes(model.phase))
        told.complain('I8', `${event.type} of ${model.name}, which is ${model.phase}`);
      if (event.type === 'VariableReverted') revert(model, event, told);
      else head(model, event, told);
  }
}

/** TSU-10, TSU-18: nothing turns, goes on or changes its values but by a command; a freeze only has it stand. */
function isOrdered({ type }: VariableEvent, { meta, complain }: Told): void {
  if (OF_TIME.has(type) || meta.cause.startsWith('command:')) return;
  if (meta.by.kind === 'policy' && OF_FREEZES.has(type)) return;
  complain('TSU-18', `${type} in the name of ${meta.by.id} by ${meta.cause}, which is no command`);
}

/** A decision may be so much older than its commit, ms. */
const DECIDED_WITHIN_MS = 60_000;

/** Paused time does not count: the active time is that of the line at that moment. */
function isOnTime(model: VariableModel, { type, activeMs }: Exclude<Heading, Of<'RampFinished'>>, told: Told): void {
  if (type === 'RampFinishOrdered') return;
  const expected = activeAt(model, told.at);
  if (Math.abs(activeMs - expected) > DECIDED_WITHIN_MS)
    told.complain(
      'TSU-02',
      `${type} of ${model.name} at ${activeMs} ms of its schedule, which stood at ${expected} ms`,
    );
}

function head(model: VariableModel, event: Heading, told: Told): void {
  if (event.type !== 'RampFinishOrdered') goesInSpite(model, event, told);
  if (event.type === 'RampFinished') return finish(model, event, told);
  isOnTime(model, event, told);
  stopsRightly(model, event, told);
  if (event.type === 'RampStarted') model.direction = 1;
  if (event.type === 'RampReversed') model.direction = -1;
  enter(model, phaseAfter(model, event.type), told.at);
  model.activeMs = event.type === 'RampFinishOrdered' ? durationOf(model.spec.schedule) : event.activeMs;
  model.since = model.phase === 'ramping' || model.phase === 'reversing' ? told.at : undefined;
}

/** I6: who goes on in spite of a freeze is a person by name, told by the service that has seen to it. */
function goesInSpite(model: VariableModel, event: Heading, { meta, complain }: Told): void {
  model.spite = 'spite' in event ? event.spite : undefined;
  if (model.spite === undefined) return;
  if (meta.by.kind === 'user' || model.spite.by.trim() === '')
    complain('I6', `${event.type} of ${model.name} in spite of ${model.spite.freezes.join()}, said by ${meta.by.id}`);
}

function phaseAfter({ direction }: VariableModel, type: Exclude<Heading['type'], 'RampFinished'>): RampPhase {
  if (type === 'RampPaused') return 'paused';
  if (type === 'RampStopped') return 'stopped';
  return direction > 0 ? 'ramping' : 'reversing';
}

/** TSU-10: what was measured is said by who measures, with the numbers, and stops what is under way. */
function stopsRightly({ name, phase }: VariableModel, event: Heading, { meta, complain }: Told): void {
  if (event.type !== 'RampStopped') return;
  const { kind, words } = event.cause;
  if (words.trim() === '') complain('TSU-10', `${name} was stopped without a word`);
  if (kind !== 'breach') return;
  if (meta.by.kind === 'user') complain('TSU-10', `the breach that stopped ${name} was said by ${meta.by.id}`);
  // One that is finished gives newcomers its value all the while.
  if (phase === 'paused') complain('TSU-10', `a breach stopped ${name}, which was ${phase}`);
}

/** All hosts have the first value, at once. */
function revert(model: VariableModel, { count }: Of<'VariableReverted'>, { fleet, at, complain }: Told): void {
  let had = 0;
  fleet.roles.forEach((name, role) => {
    const counts = roleCounts(model, role);
    had += counts.to;
    noteChanges(model, name, counts, { at, count: counts.to });
    counts.to = 0;
  });
  if (Math.abs(had - count) > churnOf(fleet, at))
    complain('TSU-18', `${count} hosts of ${model.name} were reverted, ${had} had it`);
  model.sides.fill(0);
  Object.assign(model, { direction: 1, activeMs: 0, since: undefined, spite: undefined });
  enter(model, 'reverted', at);
}
