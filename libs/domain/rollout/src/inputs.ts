import type {
  GateJudged,
  PlannableMember,
  PlanTarget,
  RollbackTarget,
  RolloutCommand,
  RunReport,
  SeenMember,
  ServiceCapacity,
  Weights,
} from '@sluice/contracts';
import type { Actor } from '@sluice/kernel';

import type { RampSight } from './ramp/progress.js';

/** The log ends at `position` and held more once: `seen` was read from it. */
export interface LogLoss {
  readonly seen: number;
  readonly position: number;
}

/** The group as whoever keeps the inventory has it now, or why nobody could say. */
export type FreshMembers =
  | { readonly ok: true; readonly members: readonly PlannableMember[] }
  | { readonly ok: false; readonly problem: string };

/** What came of a step at the balancer. `down`: it does not answer, or nobody asks it for now. `refused`: it will not do that. */
export type BalancerOutcome =
  | { readonly kind: 'done' }
  | { readonly kind: 'down'; readonly words: string }
  | { readonly kind: 'refused'; readonly code: string; readonly message: string };

/** A freeze that holds for a rollout now. */
export interface HeldFreeze {
  readonly freeze: string;
  readonly until: number;
  readonly words: string;
}

/** Everything that can move a rollout. `advance` and `tick` are time and the rollout's own course. */
export type RolloutInput =
  /** `loss`: the log lost its tail while this rollout was planned; it may have begun, so it starts braked. */
  | {
      readonly type: 'start';
      readonly token: number;
      readonly rollbackTo?: RollbackTarget;
      readonly loss?: LogLoss;
    }
  | { readonly type: 'logRegressed'; readonly loss: LogLoss }
  | { readonly type: 'advance' }
  | { readonly type: 'tick' }
  | { readonly type: 'report'; readonly report: RunReport }
  | { readonly type: 'neverSeen'; readonly target: number; readonly n: number }
  | { readonly type: 'unreachable'; readonly target: number; readonly n: number }
  /** The agent will not do this run. */
  | {
      readonly type: 'refused';
      readonly target: number;
      readonly n: number;
      readonly code: string;
      readonly message: string;
    }
  | {
      readonly type: 'balanced';
      readonly target: number;
      readonly n: number;
      readonly step: 'drain' | 'enable';
      readonly ms: number;
      readonly outcome: BalancerOutcome;
    }
  | { readonly type: 'verdict'; readonly judged: GateJudged }
  /** What stands on a side of a traffic plan now. */
  | { readonly type: 'sideSeen'; readonly side: string; readonly services: readonly ServiceCapacity[] }
  /** The weights that were set last are in force everywhere. */
  | { readonly type: 'weightPublished'; readonly weights: Weights; readonly version: number }
  | { readonly type: 'sideRetired'; readonly side: string }
  /** Something that a shift of traffic needs (a publisher, the capacity of a side) does not answer, or will not do it. */
  | { readonly type: 'trafficTrouble'; readonly dependency: string; readonly words: string }
  /** How the variable of a ramp stands now. */
  | { readonly type: 'rampSeen'; readonly seen: RampSight }
  /** The variable does not take what the plan wants of it. */
  | { readonly type: 'rampTrouble'; readonly words: string }
  /**
   * The freezes that hold for this rollout now; none: it is thawed. Times are ms since the epoch. `over`: those that are
   * known to hold no more, when whoever says so may not have heard of all; absent: every one that is not named.
   */
  | { readonly type: 'freezes'; readonly freezes: readonly HeldFreeze[]; readonly over?: readonly string[] }
  | { readonly type: 'exclude'; readonly host: string; readonly reason: string }
  | { readonly type: 'supersede'; readonly by: string }
  /** The group does not let it start. */
  | { readonly type: 'drop'; readonly reason: string }
  /** Members that a retry is about to add, from place `from` on. */
  | { readonly type: 'arrival'; readonly from: number; readonly targets: readonly PlanTarget[] }
  /** What heartbeats say of hosts. */
  | { readonly type: 'silent'; readonly targets: readonly number[] }
  | { readonly type: 'heard'; readonly targets: readonly number[] }
  | { readonly type: 'seen'; readonly members: readonly SeenMember[] }
  /** `fresh`: with a retry, the group as it is now (TRS-13). */
  | {
      readonly type: 'command';
      readonly command: RolloutCommand;
      readonly actor: Actor;
      readonly reason?: string;
      readonly fresh?: FreshMembers;
    };
