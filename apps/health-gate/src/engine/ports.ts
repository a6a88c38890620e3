import type { EventLog } from '@sluice/event-log';
import type { GatePolicy } from '@sluice/gating';
import type { Clock } from '@sluice/kernel';
import type { Log } from '@sluice/messaging';

import type { FleetFacts } from '../facts/fleet-facts.js';
import type { MeasurementPort } from '../providers/port.js';
import type { SeenMeasurement } from './measured-gates.js';

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
  /** Where gates of the plan measure; nothing but facts can be measured when absent. */
  readonly measurements?: MeasurementPort;
  /** True of a smoke source that wants to be told a host. */
  readonly isPerHost?: (source: string) => boolean;
  /** Told of each measurement. */
  readonly measured?: (measured: SeenMeasurement) => void;
  readonly logger?: Log;
}
