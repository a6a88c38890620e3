import type { PlanTraffic, RolloutEvent } from '@sluice/contracts';
import { SluiceError } from '@sluice/kernel';

import { isFrozen, planOf, type RolloutState } from '../state.js';
import { type TrafficProgress, weightInForce, weightSet, weightsOf } from './progress.js';

/** Offered once the new side is ready for its first request (SWB-11), as long as the old one is there. */
export const canSetWeight = ({ traffic, stage }: RolloutState): boolean =>
  traffic !== undefined && !traffic.retireOrdered && stage.index > 0;

/** A weight by hand (STR-12). Codes: BAD_COMMAND, CONFLICT (it may not grow now), NOT_ALLOWED (an approval is missing). */
export function setWeight(state: RolloutState, weight: number, reason: string | undefined): readonly RolloutEvent[] {
  const { traffic: shift } = planOf(state);
  const { traffic } = state;
  if (shift === undefined || traffic === undefined) return [];
  if (!Number.isInteger(weight) || weight < 0 || weight > 100)
    throw new SluiceError('BAD_COMMAND', 'weight must be a whole number from 0 to 100: the percent of the new side');
  if (weight === weightSet(shift, traffic)) return [];
  refuseGrowth(state, { shift, traffic, weight });
  return [
    {
      type: 'WeightSet',
      stage: state.stage.index,
      weights: weightsOf(shift, weight),
      why: 'manual',
      ...(reason === undefined ? {} : { reason }),
    },
  ];
}

interface Raise {
  readonly shift: PlanTraffic;
  readonly traffic: TrafficProgress;
  readonly weight: number;
}

/** What is set and not in force yet may be out there in part: only below both nothing grows. */
function refuseGrowth(state: RolloutState, { shift, traffic, weight }: Raise): void {
  const present = Math.min(weightSet(shift, traffic), weightInForce(shift, traffic));
  if (weight <= present) return;
  const why = heldBy(state);
  if (why !== undefined) {
    throw new SluiceError(
      'CONFLICT',
      `${why}, so side ${shift.newSide} keeps its ${present} percent or gets less, not ${weight}`,
    );
  }
  const { approveBefore } = shift;
  if (approveBefore === undefined || weight < approveBefore || state.approved.has('batches')) return;
  throw new SluiceError(
    'NOT_ALLOWED',
    `${approveBefore} percent and more need the approval "batches": set less, or have it approved`,
  );
}

function heldBy(state: RolloutState): string | undefined {
  if (isFrozen(state)) return 'the rollout is frozen (hotfix goes on in spite of it)';
  if (state.status === 'running' || state.status === 'paused') return undefined;
  return `the rollout is ${state.status}`;
}
