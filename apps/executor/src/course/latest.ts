import { type Plan, rollbackRequestId, rolloutIdOf } from '@sluice/contracts';
import { isSluiceError, SluiceError } from '@sluice/kernel';
import type { RolloutStatus } from '@sluice/rollout';

import type { Registry } from '../actors/registry.js';
import type { RolloutActor } from '../actors/rollout-actor.js';

interface Rollback {
  readonly id: string;
  readonly status: RolloutStatus;
  readonly token: number;
}

const GIVEN_UP: readonly RolloutStatus[] = ['cancelled', 'failed', 'closed'];

/**
 * A rollout that another one has followed is not taken back any more: that would take back the other one too. Its own
 * rollbacks that came to nothing are no others: what they were to restore can be restored once more. Code NOT_OFFERED.
 */
export async function assertLatest(registry: Registry, actor: RolloutActor): Promise<void> {
  const { plan, token } = actor.state;
  if (plan === undefined || token === 0) return;
  const own = await rollbacksOf(registry, actor, plan);
  const goesOn = own.find(({ status }) => !GIVEN_UP.includes(status));
  if (goesOn !== undefined) throw refusal(`its rollback ${goesOn.id} is ${goesOn.status}: speak to that one`);
  const tokens = new Set(own.map((rollback) => rollback.token));
  for (let later = registry.group(plan.group).state.token; later > token; later -= 1) {
    if (tokens.has(later)) continue;
    throw refusal(
      `group ${plan.group} has had another rollout since: roll that one back, or request the version that you want`,
    );
  }
}

/** Those that were planned; of one whose plan was refused there is nothing to be found. */
async function rollbacksOf(registry: Registry, { id, state }: RolloutActor, plan: Plan): Promise<readonly Rollback[]> {
  const found: Rollback[] = [];
  for (let ordinal = 1; ordinal <= state.rollbacks; ordinal += 1) {
    const rollback = await planned(registry, rolloutIdOf(plan.group, rollbackRequestId(id, ordinal)));
    if (rollback === undefined) continue;
    found.push({ id: rollback.id, status: rollback.state.status, token: rollback.state.token });
    registry.forget(rollback);
  }
  return found;
}

async function planned(registry: Registry, id: string): Promise<RolloutActor | undefined> {
  try {
    return await registry.find(id);
  } catch (error) {
    if (isSluiceError(error, 'NOT_FOUND')) return undefined;
    throw error;
  }
}

const refusal = (message: string): SluiceError => new SluiceError('NOT_OFFERED', message, { actions: [] });
