import type { EventMeta, RolloutEvent } from '@sluice/contracts';

import type { Complain } from './complain.js';
import type { RolloutModel } from './rollout-model.js';

/** A freeze holds that no hotfix goes on in spite of. */
export const isHeld = ({ freezes }: RolloutModel): boolean => [...freezes.values()].includes('holds');

/**
 * A rollback is the way out and never held; whoever goes on in spite of a freeze answers for it by name. False when the
 * event is of another kind.
 */
export function applyFreeze(model: RolloutModel, event: RolloutEvent, { by }: EventMeta, complain: Complain): boolean {
  switch (event.type) {
    case 'RolloutFrozen':
      if (model.plan.budget.advisory) complain('I6', `the rollback was frozen by ${event.freeze}`);
      if (!model.freezes.has(event.freeze)) model.freezes.set(event.freeze, 'holds');
      return true;
    case 'RolloutThawed':
      model.freezes.delete(event.freeze);
      return true;
    case 'FreezeOverridden':
      if (event.by !== by.id || event.reason.trim() === '')
        complain('I6', `a freeze was overridden in the name of ${event.by}, for the reason "${event.reason}"`);
      for (const freeze of model.freezes.keys()) model.freezes.set(freeze, 'overridden');
      return true;
    default:
      return false;
  }
}
