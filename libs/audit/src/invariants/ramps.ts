import type { BrakeCause, EventToAppend, RampPhase, RolloutEvent } from '@sluice/contracts';

import type { Complain } from './complain.js';
import { isHeld } from './freezes.js';
import type { RolloutModel } from './rollout-model.js';
import type { Fleets } from './variables/fleets.js';

/** A look at a variable, or what was said to it, may be so late. */
const LATE_MS = 300_000;
/** Of a rollout that goes on, who has its variable there is somebody else. */
const STANDING: ReadonlySet<RampPhase> = new Set(['defined', 'stopped', 'reversing', 'reversed', 'reverted']);

const goesOn = (model: RolloutModel): boolean => model.status === 'running' && model.entered && !isHeld(model);

/** Notes how the ramp stands. False when the event is of another kind. */
export function applyRamp(model: RolloutModel, event: RolloutEvent, complain: Complain): boolean {
  if (event.type !== 'RampSeen') return false;
  if (model.ramp === undefined) complain('I5', 'a variable was seen by a rollout that is no ramp');
  else {
    if (!model.entered) complain('I5', `its variable was seen as ${event.phase} before its stage was entered`);
    if (event.to > event.hosts) complain('TSU-11', `${event.to} of ${event.hosts} hosts have the new value`);
    model.ramp.seen = event;
    if (goesOn(model) && !STANDING.has(event.phase) && event.phase !== 'paused') model.ramp.isGoing = true;
  }
  return true;
}

/** Behind each event: what is held does not go, and somebody has to see it on its way again. */
export function noteHeld(model: RolloutModel, at: number): void {
  if (model.ramp === undefined) return;
  if (goesOn(model)) {
    model.ramp.heldSince = undefined;
    return;
  }
  model.ramp.isGoing = false;
  model.ramp.heldSince ??= at;
}

const isTaken = ({ ramp }: RolloutModel): boolean =>
  ramp?.isGoing === true && ramp.seen !== undefined && STANDING.has(ramp.seen.phase);

/** Somebody else has its variable stand, as it was just seen; or the variable does not take what it is told. */
export function isTurned(model: RolloutModel, { numbers, words }: BrakeCause): boolean {
  const { ramp } = model;
  if (ramp === undefined || !goesOn(model) || words.trim() === '') return false;
  if (Object.keys(numbers).length === 0) return true;
  return isTaken(model) && numbers['to'] === ramp.seen?.to && numbers['hosts'] === ramp.seen?.hosts;
}

/** TAR-32: in the commit in which that is seen. */
export function rampGoesOn(model: RolloutModel, complain: Complain): void {
  if (goesOn(model) && isTaken(model))
    complain('TAR-32', `no brake though its variable is ${model.ramp?.seen?.phase}, and not by this rollout`);
}

/** I5: it has passed when its variable is there. */
export function hasArrived({ ramp }: RolloutModel, complain: Complain): void {
  if (ramp !== undefined && !(ramp.isGoing && ramp.seen?.phase === 'finished'))
    complain('I5', `the ramp passed while its variable was ${ramp.seen?.phase ?? 'not seen'}`);
}

interface Seen {
  readonly fleets: Fleets;
  readonly at: number;
}

/** I10: what a rollout sees of its variable is what the variable's own stream says, or said a moment ago. */
export function seesVariable(model: RolloutModel, event: RolloutEvent, seen: Seen, complain: Complain): void {
  const { ramp } = model.plan;
  if (event.type !== 'RampSeen' || ramp === undefined) return;
  const variable = seen.fleets.variable(ramp.fleet, ramp.spec.name);
  if (variable === undefined) return;
  const lately = variable.phases.filter(({ at }) => at > seen.at - LATE_MS).map(({ phase }) => phase);
  const isOther = variable.spec.from !== ramp.spec.from || variable.spec.to !== ramp.spec.to;
  if (![variable.phase, ...lately, ...(isOther ? ['defined'] : [])].includes(event.phase))
    complain('I10', `${ramp.spec.name} was seen as ${event.phase}, it is ${variable.phase}`);
}

const FORWARD: ReadonlySet<string> = new Set(['VariableDefined', 'RampStarted', 'RampResumed']);
const SAID_BY = /^command:ramp:([^:]+):/;

/** The rollout in whose name something is said to a variable. */
export const sayerOf = ({ meta }: EventToAppend): string | undefined => SAID_BY.exec(meta.cause)?.[1];

/** I5, I6: no rollout has its variable set out before its turn, nor go on while it is held. */
export function mayDrive(model: RolloutModel, { event }: EventToAppend, at: number, complain: Complain): void {
  if (!FORWARD.has(event.type)) return;
  const { ramp, id, status, entered } = model;
  if (ramp === undefined) complain('I5', `${event.type} in the name of ${id}, which is no ramp`);
  else if (!entered) complain('I5', `${event.type} in the name of ${id}, whose stage was not entered`);
  else if (at > (ramp.heldSince ?? at) + LATE_MS)
    complain(
      'I6',
      `${event.type} in the name of ${id}, which has been ${status} for ${at - (ramp.heldSince ?? at)} ms`,
    );
}
