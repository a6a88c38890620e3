import type { InventoryUsed } from '../inventory.js';
import type { Plan, PlanTarget } from '../plan.js';
import type { Fault } from '../request.js';
import type { FoundDrift } from './gate-events.js';

/** Targets that were not heard of for 30 s, or never, when the plan was made: the first 100, and how many there are. */
export interface UnreachableHosts {
  readonly count: number;
  readonly hosts: readonly string[];
}

/** Written by the planner on `plan` streams. Targets come in chunks; RolloutPlanned seals them with their hash. */
export type PlanEvent =
  | { readonly type: 'PlanTargetsAdded'; readonly from: number; readonly targets: readonly PlanTarget[] }
  /**
   * Beside the plan, which must be what was previewed: `trace`, the traceparent that the rollout's spans belong to,
   * `inventory`, what it was made from, `drift`, hosts that ran what nobody recorded (XIM-08), and `unreachable`, those
   * whose agent was not heard of (TRS-19).
   */
  | {
      readonly type: 'RolloutPlanned';
      readonly plan: Plan;
      readonly planHash: string;
      readonly trace?: string;
      readonly inventory?: InventoryUsed;
      readonly drift?: FoundDrift;
      readonly unreachable?: UnreachableHosts;
    }
  | {
      readonly type: 'RequestRefused';
      readonly requestId: string;
      readonly faults: readonly Fault[];
      readonly documentHash: string;
      /** As far as the document could be read. */
      readonly app?: string;
      readonly group?: string;
    };
