import type { Actor } from '@sluice/kernel';

import type { FoundDrift } from './events/gate-events.js';
import type { GateName, GateSpec } from './gates.js';
import type { InventoryUsed } from './inventory.js';
import type { ArtifactRef } from './artifact.js';
import type { Environment, Fault, LbMode, Profile, RolloutMode, Strategy, VerifySpec } from './request.js';
import type { PlanTraffic } from './traffic.js';
import type { PlanRamp } from './variables.js';

export type StepName = 'probe' | 'drain' | 'download' | 'install' | 'verify' | 'enable';

/** The chain of a target, in its order (TAR-20). */
export const STEP_CHAIN = ['drain', 'download', 'install', 'verify', 'enable'] as const satisfies readonly StepName[];

/** What an agent needs to know to do the steps of one attempt. Hashed: another spec under the same attempt is refused. */
export interface StepSpec {
  readonly app: string;
  readonly group: string;
  readonly version: string;
  readonly artifact: ArtifactRef;
  readonly profile: Profile;
  readonly verify: VerifySpec;
  readonly ignoreVerify: boolean;
  /** From out of service to the first touch, so that requests in flight end. */
  readonly drainWindowMs: number;
  /** A step that takes longer is ended and fails with STEP_TIMEOUT. It begins anew when the agent restarts. */
  readonly deadlinesMs?: Readonly<Partial<Record<StepName, number>>>;
  /** A load balancer takes the host out of service and puts it back: the agent does neither. */
  readonly balanced?: true;
}

/** The load balancer that drains and enables the targets of a plan. */
export interface PlanBalancer {
  /** Its name among the dependencies. */
  readonly balancer: string;
  /** What it calls the group; its servers have the names of the hosts. */
  readonly backend: string;
  readonly mode: LbMode;
}

/** A host with one app on it: the unit that is deployed. Its place in the plan (`index`) names it in events. */
export interface PlanTarget {
  readonly host: string;
  readonly site?: string;
  /** It was out of service when the plan was made. */
  readonly drained?: true;
  /** The version that ran when the plan was made; absent when nothing is known to run. */
  readonly from?: string;
  /** Place in the plan's `profiles`; absent: the profile of its `spec` (TAR-05). */
  readonly profile?: number;
}

/** Batch sizes as [size, how many batches of it]...: 100,000 batches of one are one pair. */
export type BatchSizes = readonly (readonly [size: number, times: number])[];

/** The budget's constants (design 6.5). */
export interface PlanBudget {
  /** G: eligible members, canary included. */
  readonly members: number;
  /** p. */
  readonly percent: number;
  /** Of a rule that names a number of batches: A is the largest of them, for any number of members. */
  readonly batchCount?: number;
  /** A: how many may be unavailable at once. */
  readonly maxUnavailable: number;
  /** T: failures that brake. */
  readonly failureLimit: number;
  readonly failureThresholdPercent: number;
  readonly extraFailures: number;
  /** Absolute floor of serving members; 0 = none. */
  readonly minServing: number;
  /** A rollback's brake never blocks the way out. */
  readonly advisory: boolean;
}

export interface PlanWaits {
  readonly intervalMs: number;
  readonly tailIntervalMs: number;
  readonly tailFrom: number;
  readonly bakeMs: number;
}

export interface LeftOut {
  readonly host: string;
  readonly reason: string;
}

/**
 * A fixed plan without its targets (they are in PlanTargetsAdded, canaries first, then the batches in order).
 * `planHash` is hashOf of the plan and `targetsHash` covers the targets, so an approval names all of it.
 */
export interface Plan {
  readonly v: 1;
  readonly rolloutId: string;
  readonly requestId: string;
  /** SHA-256 of the request's canonical JSON: the same id with another document is told by it. Absent in a rollback. */
  readonly documentHash?: string;
  readonly app: string;
  readonly group: string;
  readonly environment: Environment;
  readonly strategy: Strategy;
  readonly version: string;
  readonly spec: StepSpec;
  /** What targets are installed with beside `spec.profile`, each once; absent when all of them use that one. */
  readonly profiles?: readonly Profile[];
  /** Only members with these labels are its targets: a new member without them is none (MOM-08). */
  readonly labels?: Readonly<Record<string, string>>;
  readonly targetCount: number;
  /** How many of the first targets are canaries: they hold after verify. */
  readonly canaries: number;
  readonly batches: BatchSizes;
  readonly budget: PlanBudget;
  readonly waits: PlanWaits;
  readonly approvals: { readonly batches: 'required' | 'policy' };
  readonly mode: RolloutMode;
  /** The built-in gates of every stage. */
  readonly gates: readonly GateName[];
  /** Gates that measure; absent when there are none. */
  readonly gateSpecs?: readonly GateSpec[];
  /** The rollout shifts traffic between two sides; it has no targets then. */
  readonly traffic?: PlanTraffic;
  /** The rollout brings a variable of a fleet from one value to another; it has no targets then. */
  readonly ramp?: PlanRamp;
  readonly onCanaryFailure: 'hold' | 'rollback';
  readonly leftOut: readonly LeftOut[];
  readonly targetsHash: string;
  readonly requestedBy: Actor;
  readonly reason?: string;
  /** Strategy rollback: the rollout that is taken back. */
  readonly rollbackOf?: string;
  /** Strategy rollback: the rollout whose version is restored. */
  readonly restores?: string;
  /** Tries that the plan adds by itself when a step fails, before its target counts as failed (TRS-17). */
  readonly stepRetries?: Readonly<Partial<Record<StepName, number>>>;
  /** `waive`: a target whose verify failed for good serves all the same, in the name of `waivedBy`. */
  readonly onVerifyFailure?: { readonly then: 'giveUp' | 'waive'; readonly waivedBy?: string };
  /** Download before drain. */
  readonly prefetch?: true;
  /** Drain and enable are the balancer's steps; the agents' own when absent. */
  readonly lb?: PlanBalancer;
  /** Nothing leads back from this version (TRS-14). */
  readonly rollbackable?: false;
  /** No report after this: the agent is asked (design 6.5). */
  readonly pollAfterMs: number;
  /** An attempt without a result after this is unknown. */
  readonly attemptDeadlineMs: number;
}

export interface PreviewBatch {
  readonly name: string;
  readonly hosts: readonly string[];
  /** Host -> place in the plan's `profiles`, of the hosts that are not installed with `spec.profile`. */
  readonly profiles?: Readonly<Record<string, number>>;
}

/** How long a plan takes when nothing fails and nobody is waited for: (P-1)X + Y + Q(M+N+O) (TRS-16). */
export interface PlanEstimate {
  readonly totalMs: number;
  readonly parts: {
    /** (P-1)X: the intervals before later batches. */
    readonly waitsMs: number;
    /** Y: the canary is watched. */
    readonly bakeMs: number;
    /** Q: how many times hosts are taken out one after the other; a batch above the budget takes several. */
    readonly rounds: number;
    /** M: drain, download and start. */
    readonly startMs: number;
    /** N: the successes in a row that verify asks for. */
    readonly verifyMs: number;
    /** O: back into service. */
    readonly switchMs: number;
  };
  readonly words: string;
}

/** What the preview answers and what the log holds are the same document (TRS-01). */
export interface PlanPreview {
  readonly plan: Plan;
  readonly planHash: string;
  /** By host, in order, grouped: canary first. */
  readonly batches: readonly PreviewBatch[];
  /** The reply would be too large for one message: later batches are not listed, the plan itself is whole. */
  readonly truncated?: true;
  /** Targets that were not heard of for 30 s, or never, when this was made (TRS-19): the first of them. */
  readonly unreachable?: readonly string[];
  /** How many of those there are. */
  readonly unreachableCount?: number;
  readonly estimate?: PlanEstimate;
  /** What it was made from, and how old that is. */
  readonly inventory?: InventoryUsed;
  /** Hosts that run what no rollout brought (XIM-08). */
  readonly drift?: FoundDrift;
}

/** Answer of `sluice.command.plan` to a request document: what it would do, or why it cannot. Nothing is written. */
export type PreviewReply =
  { readonly ok: true; readonly preview: PlanPreview } | { readonly ok: false; readonly faults: readonly Fault[] };
