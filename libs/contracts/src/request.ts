import type { Actor } from '@sluice/kernel';

import type { ArtifactRef, DurationText } from './artifact.js';
import type { BuiltInGate, GateDocument } from './gates.js';
import type { TrafficWishes } from './traffic.js';
import type { RampWishes } from './variables.js';

export const REQUEST_API_VERSION = 'sluice/v1';

export type Environment = 'production' | 'test';
/** `scaleOut` brings a proven version to hosts that do not run it yet, without a canary (TAR-45). */
export type Strategy = 'canary' | 'rolling' | 'scaleOut' | 'rollback' | 'traffic' | 'blueGreen' | 'ramp';
/** A step of the chain that every target goes through. */
export type ChainStep = 'drain' | 'download' | 'install' | 'verify' | 'enable';
export type RolloutMode = 'automatic' | 'manual';
/** A load balancer that does not answer brakes the rollout, or is gone on without (TAR-41). */
export type LbMode = 'required' | 'degrade';

/** How a host asks its app whether it works: n successes in a row until a deadline (TAR-37). */
export interface VerifySpec {
  readonly path: string;
  /** Port of the app on the host; the agent's port for this app when absent. */
  readonly port?: number;
  readonly status: number;
  readonly successes: number;
  readonly intervalMs: number;
  readonly timeoutMs: number;
}

/** argv, run in the release's folder with the environment of the app (MOM-07). A crash of the agent may repeat it. */
export interface Hook {
  readonly command: readonly string[];
  readonly timeoutMs: number;
}

/** Unpack into releases/<version>, move `current`, stop the old process and confirm it, start the new one. */
export interface ProcessProfile {
  readonly kind: 'process';
  /** argv, run in the release's folder with PORT, SLUICE_APP, SLUICE_VERSION and SLUICE_HOST set. */
  readonly command: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** From SIGTERM to SIGKILL. */
  readonly stopGraceMs: number;
  /** Of the old release, before its SIGTERM. `required`: when it fails, the app is not stopped. */
  readonly preStop?: Hook & { readonly required?: boolean };
  /** Of the new release, after its start and before verify. */
  readonly postStart?: Hook;
  /** Always fetch, and lay the release's folder out anew, instead of using the one that is there (XIM-05). */
  readonly recreate?: boolean;
  /** The app is the agent itself: install hands over to the new version under the agent's supervisor. */
  readonly self?: boolean;
}

/** The user's own scripts, one argv per step; a step without a script is done by the agent or is empty. */
export interface ExecProfile {
  readonly kind: 'exec';
  readonly steps: Readonly<
    Partial<Record<'drain' | 'download' | 'install' | 'verify' | 'enable' | 'probe', readonly string[]>>
  >;
  readonly env?: Readonly<Record<string, string>>;
  readonly stepTimeoutMs: number;
}

export type Profile = ProcessProfile | ExecProfile;

/** `check: planner`: the planner fetches the bytes before it plans, and refuses a request whose bytes are not these. */
export interface RequestedArtifact extends ArtifactRef {
  readonly check?: 'planner';
}

/**
 * A deploy request as any NATS client publishes it on `sluice.request.deploy.<app>` (JSON; YAML through the API and
 * the CLI). Only app, group, version and artifact (a ramp: `ramp`) are needed: all else has a default (TAR-15).
 */
export interface DeployRequest {
  readonly apiVersion?: typeof REQUEST_API_VERSION;
  readonly kind?: 'DeployRequest';
  /** A named plan template of the inventory: what this request does not say itself is taken from it (XIM-04). */
  readonly template?: string;
  /** Makes this request another one than an equal document; without it, equal documents are one rollout. */
  readonly id?: string;
  readonly app: string;
  readonly group: string;
  readonly version: string;
  /** Absent in a ramp, and only there: what a variable is set to has no bytes. */
  readonly artifact?: RequestedArtifact;
  /** `traffic` and `blueGreen` shift traffic between the sides of a group, as `canary` does where a group has sides; `ramp` brings a variable to another value. */
  readonly strategy?: Exclude<Strategy, 'rollback'>;
  /** Largest share per batch: `25%`, `0%` (one at a time), a pattern `10%+20%+70%`, or a number of batches `2`. */
  readonly batches?: string;
  /** Wait before batch 2, and before each later one until tailFrom. */
  readonly interval?: DurationText;
  readonly tailInterval?: DurationText;
  /** The first batch that waits tailInterval; 3 by default. */
  readonly tailFrom?: number;
  readonly canary?: { readonly host?: string };
  /** How long the enabled canary is watched before the other batches may be approved. */
  readonly bake?: DurationText;
  readonly approvals?: { readonly batches?: 'required' | 'policy' };
  /** Deadline of verify: how long the app may take to start. */
  readonly startTimeout?: DurationText;
  readonly ignoreVerify?: boolean;
  /** Percent of the group; the batch share by default. */
  readonly failureThreshold?: number;
  readonly extraFailures?: number;
  readonly minServing?: number;
  /** Only members with all of these labels; the selector of the group when absent (MOM-08). */
  readonly targets?: { readonly labels: Readonly<Record<string, string>> };
  /** How old the inventory may be, and why an older one will do (TAR-12). */
  readonly inventory?: { readonly maxAge?: DurationText; readonly allowStale?: string };
  readonly mode?: RolloutMode;
  readonly onCanaryFailure?: 'hold' | 'rollback';
  readonly gates?: readonly (BuiltInGate | GateDocument)[];
  readonly traffic?: TrafficWishes;
  /** With the strategy `ramp`, for a group that is a fleet. */
  readonly ramp?: RampWishes;
  /** `oneWay`: old and new cannot share their data, so that only a shift of traffic with an approval is allowed (STR-04). */
  readonly dataCompatible?: 'bothWays' | 'oneWay';
  readonly profile?: Profile;
  readonly verify?: Partial<Omit<VerifySpec, 'intervalMs' | 'timeoutMs'>> & { readonly interval?: DurationText };
  readonly drainWindow?: DurationText;
  /** What a load balancer that does not answer means; without a word it is required. Only for groups that have one. */
  readonly lb?: LbMode;
  /** Download before the host leaves service. */
  readonly prefetch?: boolean;
  /** false: nothing leads back from this version, so that a rollback of it is refused (TRS-14). */
  readonly rollbackable?: boolean;
  /** Tries that are added by themselves when a step of a host fails (TRS-17). */
  readonly stepRetries?: Readonly<Partial<Record<ChainStep, number>>>;
  /** When verify failed for good: the host counts as failed, or serves all the same in somebody's name. */
  readonly onVerifyFailure?: 'giveUp' | { readonly then: 'waive'; readonly waivedBy: string };
  /** A step that takes longer is ended and fails. */
  readonly deadlines?: Readonly<Partial<Record<ChainStep, DurationText>>>;
  /** `forbidden`: old and new must never serve side by side (STR-09). */
  readonly mixedVersions?: 'allowed' | 'forbidden';
  readonly requestedBy?: Actor;
  readonly reason?: string;
}

/** One fault of a document: where (`/artifact/sha256`, RFC 6901) and what to do. */
export interface Fault {
  readonly path: string;
  readonly code: string;
  readonly message: string;
}

/** The answer to a request, on `sluice.outcome.<requestId>` and in the log. */
export interface RequestOutcome {
  readonly v: 1;
  /** The document's id, or the one that the planner derived from it. */
  readonly requestId: string;
  readonly outcome: 'planned' | 'duplicate' | 'refused';
  readonly rolloutId?: string;
  readonly planHash?: string;
  readonly faults?: readonly Fault[];
}
