import type { RolloutEvent } from '@sluice/contracts';
import { unreachable } from '@sluice/kernel';

import type { RolloutState } from '../state.js';

export type FreezeEvent = Extract<
  RolloutEvent,
  { readonly type: 'RolloutFrozen' | 'RolloutThawed' | 'FreezeOverridden' }
>;

export function evolveFreeze({ freezes, overridden }: RolloutState, event: FreezeEvent): void {
  switch (event.type) {
    case 'RolloutFrozen': {
      const { freeze, until, words } = event;
      freezes.set(freeze, { freeze, until, words });
      break;
    }
    case 'RolloutThawed':
      freezes.delete(event.freeze);
      overridden.delete(event.freeze);
      break;
    case 'FreezeOverridden':
      for (const freeze of freezes.keys()) overridden.add(freeze);
      break;
    default:
      unreachable(event, 'freeze event');
  }
}
