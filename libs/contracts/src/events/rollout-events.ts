import type { RunKind, Sourcing } from '../agent-protocol.js';
import type { ApprovalName } from '../commands.js';
import type { BatchSizes, PlanTarget, StepName } from '../plan.js';
import type { GateName } from '../gates.js';
import type { RolloutMode } from '../request.js';
import type { SeenMember, Verdict } from './gate-events.js';
import type { TrafficEvent } from './traffic-events.js';
import type { RampPhase } from './variable-events.js';

/** Why a rollout is braked, with the numbers and the same in words ("lost 3 >= limit 3 ..."). */
export interface BrakeCause {
  readonly kind: 'budget' | 'canary' | 'gate' | 'capacity' | 'log' | 'dependency' | 'ramp';
  readonly words: string;
  readonly numbers: Readonly<Record<string, number>>;
  readonly targets?: readonly number[];
}

/** `dwell`: traffic stays at a weight. `capacity`: a side may take so long until it is ready. `drain`: requests in flight end. */
export type WaitKind = 'interval' | 'bake' | 'dwell' | 'capacity' | 'drain';

/** A success that can be restored. */
export interface RollbackTarget {
  readonly rolloutId: string;
  readonly version: string;
}

export type EndCause = 'cancelled' | 'superseded' | 'rollback' | 'rejected';

/** How many targets of a rollout stand where. */
export interface TargetCounts {
  readonly done: number;
  readonly skipped: number;
  readonly failed: number;
  readonly unknown: number;
  readonly excluded: number;
  readonly untouched: number;
}

/** Members that are no targets and not at the rollout's version: the first 100 of them, and how many there are. */
export interface BehindMembers {
  readonly count: number;
  readonly members: readonly SeenMember[];
}

/**
 * Of a rollout that is a ramp: how its variable stands, when the phase has changed, and at every twentieth of the hosts.
 * `to` of `hosts` have the new value. `words`: why it stands still.
 */
export interface RampEvent {
  readonly type: 'RampSeen';
  readonly phase: RampPhase;
  readonly to: number;
  readonly hosts: number;
  readonly words?: string;
}

/**
 * Written by the executor on `exec` streams. Targets are named by their place in the plan. `n` counts a target's
 * attempts. `until` and `deadline` are ms since the epoch.
 */
export type RolloutEvent =
  | TrafficEvent
  | RampEvent
  /** `rollbackTo`: what a rollback of this rollout would restore, fixed when the lease was granted; absent when there is nothing. */
  | { readonly type: 'RolloutStarted'; readonly token: number; readonly rollbackTo?: RollbackTarget }
  | { readonly type: 'ApprovalRequested'; readonly approval: ApprovalName; readonly planHash: string }
  | {
      readonly type: 'ApprovalGranted';
      readonly approval: ApprovalName;
      readonly planHash: string;
      readonly reason?: string;
    }
  | { readonly type: 'ApprovalRejected'; readonly approval: ApprovalName; readonly reason?: string }
  | {
      readonly type: 'WaitStarted';
      readonly wait: WaitKind;
      readonly stage: number;
      readonly until: number;
    }
  | { readonly type: 'BatchAwaited'; readonly stage: number }
  | { readonly type: 'BatchProceeded'; readonly stage: number }
  | { readonly type: 'StageEntered'; readonly stage: number }
  | {
      readonly type: 'TargetsAdmitted';
      readonly run: RunKind;
      readonly targets: readonly number[];
      readonly deadline: number;
    }
  | ({
      readonly type: 'StepSucceeded';
      readonly target: number;
      readonly step: StepName;
      readonly n: number;
      readonly ms: number;
      readonly note?: 'local' | 'waived';
    } & Sourcing)
  | ({
      readonly type: 'StepFailed';
      readonly target: number;
      readonly step: StepName;
      readonly n: number;
      readonly ms: number;
      readonly code: string;
      readonly message: string;
      readonly serving: boolean;
      /** It is tried again: which of the plan's retries follows, 0 when none is used up. The target is not lost yet. */
      readonly again?: number;
    } & Sourcing)
  /** A step of the balancer that was gone on without, because the balancer did not answer (TAR-41). */
  | {
      readonly type: 'DrainSkipped';
      readonly target: number;
      readonly n: number;
      readonly step: 'drain' | 'enable';
      readonly dependency: string;
      readonly words: string;
    }
  /** A target whose verify failed is to serve all the same; `by` is the person who answers for it. */
  | { readonly type: 'VerifyWaived'; readonly target: number; readonly by: string; readonly reason?: string }
  | {
      readonly type: 'TargetUnknown';
      readonly target: number;
      readonly step: StepName;
      readonly n: number;
      readonly code: 'DEADLINE' | 'UNREACHABLE';
    }
  | { readonly type: 'TargetExcluded'; readonly target: number; readonly reason: string }
  | { readonly type: 'StageSettled'; readonly stage: number; readonly counts: TargetCounts }
  | {
      readonly type: 'GatesRequested';
      readonly stage: number;
      readonly round: number;
      readonly gates: readonly GateName[];
      readonly passNotBefore: number;
      /** Before the stage is entered; absent: at its exit. */
      readonly phase?: 'entry';
    }
  | {
      readonly type: 'GateRecorded';
      readonly stage: number;
      readonly round: number;
      readonly gate: GateName;
      readonly verdict: Verdict;
      readonly words: string;
      readonly phase?: 'entry' | 'during';
    }
  | { readonly type: 'StagePassed'; readonly stage: number }
  | { readonly type: 'RolloutBraked'; readonly cause: BrakeCause }
  | { readonly type: 'BrakeReleased'; readonly by: 'retry' | 'resume' | 'override' | 'waive'; readonly reason?: string }
  | {
      readonly type: 'BudgetChanged';
      readonly members: number;
      readonly maxUnavailable: number;
      readonly failureLimit: number;
      readonly extraFailures: number;
      readonly reason?: string;
    }
  | {
      readonly type: 'RetryOrdered';
      readonly redo: readonly number[];
      readonly probe: readonly number[];
      readonly reason?: string;
    }
  /**
   * New members, in the order in which they will be targets from place `from` on. They come in chunks and count for
   * nothing until MembersSynced; one that starts earlier than what is there replaces the tail.
   */
  | { readonly type: 'MembersAdded'; readonly from: number; readonly targets: readonly PlanTarget[] }
  /**
   * The group was looked at again, at a retry (TRS-13). `gone`: targets that are no members any more, they leave G.
   * `back`: those that had gone before. `batches`: how the members that were added are rolled, behind the plan's own.
   * `problem`: nobody could be asked, so it goes on with the targets that it has.
   */
  | {
      readonly type: 'MembersSynced';
      readonly gone: readonly number[];
      readonly back: readonly number[];
      readonly batches: BatchSizes;
      readonly problem?: string;
    }
  /** Hosts that joined the group in mid-rollout, each with the version that it runs (STR-08). They are no targets. */
  | { readonly type: 'MembersJoined'; readonly members: readonly SeenMember[] }
  /** Serving hosts that went silent: lost, and unknown until they are heard of again or `deadline` (ms) has passed. */
  | { readonly type: 'TargetsSilent'; readonly targets: readonly number[]; readonly deadline: number }
  | { readonly type: 'TargetsHeard'; readonly targets: readonly number[] }
  /** Unknown ones that nobody has heard of by their deadline: failed (MOM-12). */
  | { readonly type: 'TargetsLost'; readonly targets: readonly number[] }
  | { readonly type: 'SkipOrdered'; readonly target: number; readonly reason?: string }
  | { readonly type: 'RolloutPaused'; readonly reason?: string }
  | { readonly type: 'RolloutResumed'; readonly reason?: string }
  | { readonly type: 'ModeChanged'; readonly mode: RolloutMode; readonly reason?: string }
  | {
      readonly type: 'IntervalsChanged';
      readonly intervalMs: number;
      readonly tailIntervalMs: number;
      readonly reason?: string;
    }
  | { readonly type: 'RolloutSettling'; readonly cause: EndCause; readonly reason?: string; readonly by?: string }
  /** `behind`: members that joined meanwhile and run another version (STR-08). */
  | { readonly type: 'RolloutSucceeded'; readonly counts: TargetCounts; readonly behind?: BehindMembers }
  | {
      readonly type: 'RolloutFailed';
      readonly counts: TargetCounts;
      readonly notServing: readonly number[];
      readonly behind?: BehindMembers;
    }
  | {
      readonly type: 'RolloutCancelled';
      readonly cause: EndCause;
      readonly counts: TargetCounts;
      readonly notServing: readonly number[];
      readonly behind?: BehindMembers;
    }
  | { readonly type: 'RolloutClosed'; readonly cause: 'closed' | 'superseded'; readonly reason?: string }
  | {
      readonly type: 'RollbackRequested';
      /** The success that is restored, and its version. */
      readonly to: RollbackTarget;
      /** Every target that was touched; `down` are those among them that do not serve. */
      readonly targets: readonly number[];
      readonly down: readonly number[];
      /** 1 for the first rollback of this rollout. */
      readonly ordinal: number;
      readonly reason?: string;
    };
