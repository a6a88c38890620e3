import type { EndCause, RolloutEvent } from '@sluice/contracts';

import type { RolloutState } from '../state.js';
import { weightSet, weightsOf } from './progress.js';

/** The old side is being retired, or is gone: nothing leads back to it. */
export const isPastReturn = ({ traffic }: RolloutState): boolean => traffic?.retireOrdered === true;

/** Why it ends; `superseded`: no person has said so. */
export interface Ending {
  readonly cause: EndCause;
  readonly reason?: string;
}

/**
 * One publication takes all traffic back to the old side, whatever ends the shift without success: at rest one side is
 * live and the other dark (SWB-01, SWB-10). Nothing where no traffic was moved. After a log that lost its tail nobody
 * knows what was moved, so a person who ends the shift has it moved back.
 */
export function wayBack(state: RolloutState, { cause, reason }: Ending): readonly RolloutEvent[] {
  const { traffic } = state;
  const shift = state.plan?.traffic;
  if (shift === undefined || traffic === undefined || isPastReturn(state)) return [];
  const doubted = traffic.doubtful && cause !== 'superseded' && traffic.why !== 'back';
  if (weightSet(shift, traffic) === 0 && !doubted) return [];
  const why = reason === undefined ? {} : { reason };
  return [{ type: 'WeightSet', stage: state.stage.index, weights: weightsOf(shift, 0), why: 'back', ...why }];
}

/** The rollout was rolled back, on hosts by a rollout of its own, here by one publication, a ramp by its way back: how often. */
export const wentBack = ({ rollbacks, traffic, ramp, end }: RolloutState): number =>
  (traffic !== undefined || ramp !== undefined) && end?.cause === 'rollback' ? 1 : rollbacks;
