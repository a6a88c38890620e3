import type { RolloutModel } from '@sluice/audit';
import type { RolloutCommand } from '@sluice/contracts';

import type { Simulation } from '../simulation.js';

const ROUND_MS = 600_000;
const MAX_ROUNDS = 60;

/** What a person took back from the last weight, a person has to give again. */
const isTakenBack = ({ shift, stage }: RolloutModel): boolean =>
  shift !== undefined && stage >= shift.plan.weights.length && shift.weight < 100;

/** What an operator does in the end with a rollout that does not go on by itself. */
function wayOut(model: RolloutModel): RolloutCommand | undefined {
  const { status, wanted, planHash, shift } = model;
  // Once the old side is being retired, the only way is on.
  if (status === 'braked') return { type: shift?.retireOrdered === true ? 'resume' : 'cancel' };
  if (status === 'paused') return { type: 'resume' };
  if (status === 'running') return isTakenBack(model) ? { type: 'setWeight', weight: 100 } : { type: 'proceed' };
  return status === 'awaiting-approval' && wanted !== undefined
    ? { type: 'approve', approval: wanted, planHash }
    : undefined;
}

/** Brings every rollout to its end, whichever. What has not ended by then, in words. */
export async function endThemAll(sim: Simulation): Promise<readonly string[]> {
  const open = (): RolloutModel[] => [...sim.invariants.rollouts.values()].filter(({ id }) => !sim.ended(id));
  for (let round = 0; round < MAX_ROUNDS && open().length > 0 && sim.invariants.violations.length === 0; round += 1) {
    await sim.clock.advance(ROUND_MS);
    for (const model of open()) {
      const way = wayOut(model);
      if (way !== undefined) await sim.command(model.id, way, 'piet');
    }
  }
  return open().map(
    ({ id, plan, status }) => `${id} of ${plan.version} (${plan.strategy}) never ended: it is ${status}`,
  );
}
