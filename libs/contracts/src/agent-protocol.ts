import { hashOf } from './hashing.js';
import type { StepName, StepSpec } from './plan.js';
import { encodeToken } from './tokens.js';

/** What a run is for: the whole chain, the enabling of a held canary, or a look whether the target is there already. */
export type RunKind = 'roll' | 'enable' | 'probe';

/** rollout/target/step/n: names one try of one step for ever. */
export const attemptId = (rollout: string, host: string, step: StepName, n: number): string =>
  `${rollout}/${encodeToken(host)}/${step}/${n}`;

/** What `specHash` of a run must be: the agent computes it anew and keeps it with the attempt (TAR-10). */
export const specHashOf = (spec: StepSpec, steps: readonly StepName[]): string => hashOf({ spec, steps });

/** `sluice.agent.<host>.run`: consecutive agent steps travel as one run, named by its first step's attempt. */
export interface RunCommand {
  readonly v: 1;
  readonly attempt: string;
  readonly rollout: string;
  readonly host: string;
  /** The target's place in the plan; echoed in reports. */
  readonly target: number;
  readonly kind: RunKind;
  readonly n: number;
  /** Fencing token of the group's lease: a lower one than the target has seen is refused. */
  readonly token: number;
  readonly steps: readonly StepName[];
  readonly spec: StepSpec;
  readonly specHash: string;
  /** The traceparent of the stage that the run belongs to; no part of what is hashed. */
  readonly trace?: string;
}

/** What all runs of a rollout with the same chain have in common, by spec and spec hash. */
const sharedTails = new WeakMap<StepSpec, Map<string, Uint8Array>>();

function sharedTail({ steps, spec, specHash }: RunCommand): Uint8Array {
  let tails = sharedTails.get(spec);
  if (tails === undefined) sharedTails.set(spec, (tails = new Map<string, Uint8Array>()));
  let tail = tails.get(specHash);
  if (tail === undefined) {
    tail = Buffer.from(`,${JSON.stringify({ steps, spec, specHash }).slice(1)}`);
    tails.set(specHash, tail);
  }
  return tail;
}

/** The JSON of a run in UTF-8. What a rollout's runs share is most of it, and is written only once. */
export function encodeRunCommand(run: RunCommand): Uint8Array {
  const { steps: _steps, spec: _spec, specHash: _specHash, ...rest } = run;
  const own = JSON.stringify(rest).slice(0, -1);
  const tail = sharedTail(run);
  const length = Buffer.byteLength(own);
  const bytes = Buffer.allocUnsafe(length + tail.length);
  bytes.write(own);
  bytes.set(tail, length);
  return bytes;
}

export type RefusalCode = 'FENCED' | 'SPEC_CHANGED' | 'BUSY' | 'BAD_RUN' | 'WRONG_HOST';

/** `known`: the attempt is in the journal already; its state follows and nothing is started. */
export type RunReply =
  | { readonly ok: true; readonly state: 'accepted' }
  | { readonly ok: true; readonly state: 'known'; readonly status: AttemptStatus }
  | { readonly ok: false; readonly code: RefusalCode; readonly message: string };

export interface StatusQuery {
  readonly v: 1;
  readonly attempt: string;
}

/** `neverSeen` makes it safe to send the run again. */
export type AttemptStatus =
  | { readonly state: 'running'; readonly step: StepName; readonly report: RunReport }
  | { readonly state: 'ended'; readonly report: RunReport }
  | { readonly state: 'neverSeen' };

/** A source that did not serve, without what may be secret in its url, and the code that says why. */
export interface FailedSource {
  readonly url: string;
  readonly code: string;
}

/** How a download with several sources went: the one that served, and those that were tried before. */
export interface Sourcing {
  readonly source?: string;
  readonly fellBack?: readonly FailedSource[];
}

export interface StepReport extends Sourcing {
  readonly step: StepName;
  readonly ok: boolean;
  readonly ms: number;
  /** `local`: download satisfied by a version that was kept (TAR-39). `waived`: verify ignored on request. */
  readonly note?: 'local' | 'waived';
  /** When not ok: stable code, one line that says what to do, and whether the app still serves. */
  readonly code?: string;
  readonly message?: string;
  readonly serving?: boolean;
}

/** `sluice.agent.<host>.output`: what a step of an attempt wrote; `n` is the attempt's number. */
export interface OutputQuery {
  readonly v: 1;
  readonly rollout: string;
  readonly step: StepName;
  readonly n: number;
}

/** The last 64 KiB; `truncated` when there was more. */
export type OutputReply =
  | { readonly ok: true; readonly text: string; readonly truncated: boolean }
  | { readonly ok: false; readonly code: 'NO_OUTPUT' | 'BAD_QUERY'; readonly message: string };

/** `sluice.report.<shard>.<host>`: results so far; `final` when the run ended (acked after commit, resent until then). */
export interface RunReport {
  readonly v: 1;
  readonly host: string;
  readonly rollout: string;
  readonly attempt: string;
  readonly target: number;
  readonly kind: RunKind;
  readonly n: number;
  readonly token: number;
  readonly final: boolean;
  readonly steps: readonly StepReport[];
}

/** `ok` once it is durable, or when it was known. Not ok and `retry` false: nobody will ever want it, forget it. */
export type ReportAnswer =
  | { readonly ok: true }
  | { readonly ok: false; readonly code: string; readonly message: string; readonly retry: boolean };

export interface HelloApp {
  readonly app: string;
  readonly group: string;
  /** The version whose process runs now; null when none does. */
  readonly running: string | null;
  /** ms since the epoch; null when nothing runs. */
  readonly processStartedAt: number | null;
  /** In service: enabled and not drained by a rollout. */
  readonly serving: boolean;
  /** `host:port` of the app. */
  readonly endpoint: string | null;
  readonly localVersions: readonly string[];
}

/** `sluice.hello.<host>`: at start, each interval, and whenever one of these facts changes. */
export interface Hello {
  readonly v: 1;
  readonly host: string;
  /** The agent's clock, ms since the epoch. */
  readonly at: number;
  readonly agent: { readonly version: string; readonly startedAt: number };
  readonly site?: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly apps: readonly HelloApp[];
}
