import { NOTIFICATION_TYPES as TYPES, type RolloutEvent, type TrafficEvent, type Weights } from '@sluice/contracts';

import { redact } from './redact.js';
import { ADVICE, afterLeft, afterRamp, approvalOfRamp, whatRamps } from './tell-ramp.js';
import type { NoticePlan, Scene, Telling } from './told.js';
import { because, info, instant, stageOf, warning, what } from './words.js';

type Of<T extends TrafficEvent['type']> = Extract<RolloutEvent, { readonly type: T }>;

/** What sides have, and what is ordered for them, is seen every few seconds: none of it is news. */
export const SHIFT_TELLERS: { readonly [T in TrafficEvent['type']]?: (event: Of<T>, scene: Scene) => Telling } = {
  WeightSet: tellWeightSet,
  WeightPublished: tellWeightPublished,
  SideRetired: ({ side }, scene) =>
    info(TYPES.sideRetired, 'running', `${what(scene)}: side ${side} is retired; nothing leads back to it`, { side }),
  RolloutFrozen: ({ freeze, until, words }, scene) =>
    warning(
      TYPES.frozen,
      'running',
      `${what(scene)} is frozen until ${instant(until)}: ${redact(words, 300)}; ${heldBy(scene)}, rolling back stays possible`,
      { freeze, until },
    ),
  RolloutThawed: ({ freeze }, scene) =>
    info(TYPES.thawed, 'running', `${what(scene)} is held by freeze ${freeze} no longer`, { freeze }),
  FreezeOverridden: ({ by, reason }, scene) =>
    warning(
      TYPES.freezeOverridden,
      'running',
      `${what(scene)} goes on in spite of the freezes that hold now: ${redact(by, 200)} answers for it${because(reason)}`,
      { by: redact(by, 200) },
    ),
};

function tellWeightSet({ weights, why, stage, reason }: Of<'WeightSet'>, scene: Scene): Telling {
  const details = { weights, why, stage };
  const shares = sharesInWords(weights);
  switch (why) {
    case 'stage':
      return info(
        TYPES.weightSet,
        'running',
        `${what(scene)}: traffic is to be ${shares} (stage ${stageOf(scene.plan, stage).name})`,
        details,
      );
    case 'manual':
      return warning(
        TYPES.weightSet,
        'running',
        `${what(scene)}: ${scene.who} set the traffic to ${shares} by hand${because(reason)}`,
        details,
      );
    case 'back':
      return warning(
        TYPES.weightSet,
        'settling',
        `${what(scene)} goes back: all weights in one publish, ${shares}${because(reason)}`,
        details,
      );
  }
}

function tellWeightPublished({ weights, version }: Of<'WeightPublished'>, scene: Scene): Telling {
  const { traffic } = scene.plan;
  const again =
    traffic !== undefined && weights[traffic.oldSide] === 100 ? `, all of it on ${traffic.oldSide} again` : '';
  return info(
    TYPES.weightPublished,
    'running',
    `${what(scene)}: traffic is ${sharesInWords(weights)}${again} (weights version ${version})`,
    { weights, version },
  );
}

/** `flip 95 %, flop 5 %`, the larger share first. */
function sharesInWords(weights: Weights): string {
  const shares = Object.entries(weights).toSorted(([a, x], [b, y]) => y - x || (a < b ? -1 : 1));
  return shares.map(([side, weight]) => `${side} ${weight} %`).join(', ');
}

const heldBy = ({ plan }: Scene): string =>
  plan.ramp === undefined ? 'nothing is admitted and no traffic moves to a new side' : 'no host gets the new value';

/** Of a plan that shifts traffic or ramps a variable; undefined for one with targets. */
export function whatMoves({ traffic, ramp }: NoticePlan): string | undefined {
  if (ramp !== undefined) return whatRamps(ramp);
  if (traffic === undefined) return undefined;
  const weights = traffic.weights.map(({ weight }) => weight).join(', ');
  return `to shift traffic from ${traffic.oldSide} to ${traffic.newSide} by ${weights} percent`;
}

/** The same. */
export function approvalOf({ traffic, ramp }: NoticePlan): string | undefined {
  if (ramp !== undefined) return approvalOfRamp(ramp);
  if (traffic === undefined) return undefined;
  const { approveBefore = 0, newSide, oldSide } = traffic;
  return `${newSide} is to get ${approveBefore} percent of the traffic: approve it to go on, or reject it and ${oldSide} has all of it again`;
}

export function brakeAdvice({ traffic, ramp }: NoticePlan): string {
  if (ramp !== undefined) return ADVICE;
  return traffic === undefined
    ? 'look at what failed, then retry, exclude the host, override with a reason, cancel or roll back'
    : 'weights stay as they are; look at what failed, then resume or cancel it, or roll back: all weights in one publish';
}

export function afterSuccess({ traffic, ramp }: NoticePlan): string | undefined {
  if (ramp !== undefined) return afterRamp(ramp);
  return traffic === undefined ? undefined : `all traffic is on ${traffic.newSide}, ${traffic.oldSide} is retired`;
}

export function afterCancel({ traffic, ramp }: NoticePlan, cause: string): string | undefined {
  if (ramp !== undefined) return afterLeft(ramp, cause);
  return traffic === undefined ? undefined : `all traffic is on ${traffic.oldSide}`;
}
