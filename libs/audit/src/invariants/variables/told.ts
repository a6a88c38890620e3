import type { EventMeta } from '@sluice/contracts';

import type { Complain } from '../complain.js';
import type { FleetModel } from './fleet-model.js';

/** Where and when an event of a variable stands. */
export interface Told {
  readonly fleet: FleetModel;
  readonly meta: EventMeta;
  /** Of its commit, ms since the epoch. */
  readonly at: number;
  readonly complain: Complain;
}
