import { NOTIFICATION_TYPES as TYPES, type PlanRamp, type RampEvent } from '@sluice/contracts';
import { formatDuration } from '@sluice/kernel';

import { redact } from './redact.js';
import type { Scene, Telling } from './told.js';
import { info, warning, what } from './words.js';

/** Values and names stand in requests, which may hold anything. */
const said = (value: unknown): string => redact(String(value), 200);

const nameOf = ({ fleet, spec }: PlanRamp): string => `${said(fleet)}/${spec.name}`;

function lengthOf({ spec: { schedule } }: PlanRamp): string {
  const ms = schedule.kind === 'linear' ? schedule.durationMs : (schedule.points.at(-1)?.[0] ?? 0);
  return formatDuration(ms);
}

export const whatRamps = (ramp: PlanRamp): string =>
  `to bring ${nameOf(ramp)} from ${said(ramp.spec.from)} to ${said(ramp.spec.to)} over ${lengthOf(ramp)}`;

export const approvalOfRamp = (ramp: PlanRamp): string =>
  `approve it ${whatRamps(ramp)}, or reject it: no host has changed yet`;

export const ADVICE =
  'hosts keep what they have, and no other gets the new value; look at what failed, then resume or cancel it, or roll back: it goes back as fast as it came';

export const afterRamp = (ramp: PlanRamp): string =>
  `${nameOf(ramp)} has gone from ${said(ramp.spec.from)} to ${said(ramp.spec.to)}`;

export const afterLeft = (ramp: PlanRamp, cause: string): string =>
  cause === 'rollback'
    ? `${nameOf(ramp)} goes back to ${said(ramp.spec.from)}, as fast as it came; revert has it back at once`
    : `${nameOf(ramp)} stays where it is; reverse or revert the variable to have ${said(ramp.spec.from)} again`;

/** What the variable does is news where it turns; how far it is on its way is none. */
export const RAMP_TELLERS: {
  readonly [T in RampEvent['type']]: (event: RampEvent, scene: Scene) => Telling | undefined;
} = { RampSeen: tellRampSeen };

function tellRampSeen(event: RampEvent, scene: Scene): Telling | undefined {
  const { ramp } = scene.plan;
  const { phase, to, hosts } = event;
  const turn = TURNS[phase];
  if (ramp === undefined || turn === undefined) return undefined;
  const have = hosts === 0 ? '' : `: ${to} of ${hosts} hosts have ${said(ramp.spec.to)}`;
  const why = event.words === undefined ? '' : ` (${redact(event.words, 300)})`;
  const text = `${what(scene)}: ${nameOf(ramp)} ${turn.words}${have}${why}`;
  const make = turn.isGood ? info : warning;
  return make(TYPES.rampSeen, 'running', text, {
    ...{ fleet: said(ramp.fleet), variable: ramp.spec.name, phase, to, hosts },
  });
}

interface Turn {
  readonly words: string;
  readonly isGood: boolean;
}

const TURNS: { readonly [P in RampEvent['phase']]?: Turn } = {
  finished: { words: 'is there', isGood: true },
  paused: { words: 'is paused', isGood: false },
  stopped: { words: 'is frozen, and nothing reverts by itself', isGood: false },
  reversing: { words: 'goes back', isGood: false },
  reverted: { words: 'was reverted on all hosts at once', isGood: false },
};
