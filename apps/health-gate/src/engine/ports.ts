import type { EventLog } from '@sluice/event-log';
import type { GatePolicy } from '@sluice/gating';
import type { Clock } from '@sluice/kernel';
import type { Log } from '@sluice/messaging';

import type { FleetFacts } from '../facts/fleet-facts.js';

/** Where to go on after a restart, so that a start does not need the whole history. */
export interface PositionStore {
  /** 0 when nothing is remembered. */
  load(): Promise<number>;
  save(position: number): Promise<void>;
}

export interface HealthGateDeps {
  readonly log: EventLog;
  readonly clock: Clock;
  readonly newId: () => string;
  readonly facts: FleetFacts;
  readonly policy?: GatePolicy;
  /** From the beginning of the log when absent. */
  readonly positions?: PositionStore;
  /** A host that is not heard of for so long is lost, ms; 60 s when absent. */
  readonly silentAfterMs?: number;
  readonly logger?: Log;
}
