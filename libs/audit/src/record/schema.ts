import {
  type ApprovalName,
  type BatchSizes,
  DOCUMENTS,
  type PlanBudget,
  type PlanWaits,
  type TargetCounts,
} from '@sluice/contracts';

export const RECORD_SCHEMA = DOCUMENTS.changeRecord;

/** Where a statement stands: enough to find the commit in any copy of the log, and to see that it is the same one. */
export interface Evidence {
  /** Log position. */
  readonly position: number;
  /** `<writer>.<id>`. */
  readonly stream: string;
  readonly rev: number;
  /** Index of the event in its commit, from 0. */
  readonly event: number;
  /** SHA-256 of the commit's raw bytes. */
  readonly commit: string;
}

/** One thing that was said or decided. Times are RFC 3339. */
export interface Statement {
  /** When it was recorded: the time of the commit, by the clock of the service that wrote it. */
  readonly recorded: string;
  /** When it was said: the time in the id of the command or request that it answers, by the clock of who gave it. */
  readonly said?: string;
  /** `user:ana`, as the gateway authenticated it. */
  readonly by: string;
  /** Type of the event. */
  readonly type: string;
  readonly words: string;
  readonly reason?: string;
  readonly evidence: Evidence;
}

export interface Approval extends Statement {
  readonly approval: ApprovalName;
  readonly decision: 'granted' | 'rejected';
  /** When it was asked for; absent when nobody had asked. */
  readonly asked?: string;
  /** Of the plan that was approved; absent in a rejection. */
  readonly planHash?: string;
  /** The hash is that of the plan of this record. */
  readonly isOfThisPlan: boolean;
  /** Somebody else than who requested the change. */
  readonly isNotTheRequester: boolean;
}

export interface RecordedChange {
  readonly app: string;
  readonly group: string;
  readonly environment: string;
  readonly strategy: string;
  readonly version: string;
  /** Every artifact with its digest; `service`: of a service with bytes of its own. A ramp has none. */
  readonly artifacts: readonly { readonly url: string; readonly sha256: string; readonly service?: string }[];
  readonly planHash: string;
  readonly targetsHash: string;
  readonly targets: number;
  readonly canaries: number;
  readonly batches: BatchSizes;
  readonly budget: PlanBudget;
  readonly waits: PlanWaits;
  readonly approvals: { readonly batches: 'required' | 'policy' };
  /** Names of the gates of every stage. */
  readonly gates: readonly string[];
  readonly leftOut: number;
  /** Of a ramp: the variable and what it goes to, in words. */
  readonly ramp?: string;
  /** Of a shift of traffic: from which side to which. */
  readonly traffic?: string;
  readonly rollbackOf?: string;
  readonly restores?: string;
}

/** Something that has one time in every rollout. */
export interface Moment {
  readonly what: 'requested' | 'planned' | 'approved' | 'started' | 'braked' | 'ended';
  readonly recorded: string;
  readonly said?: string;
}

export interface StreamSeen {
  readonly stream: string;
  readonly commits: number;
  readonly from: number;
  readonly to: number;
  /** Log positions. */
  readonly first: number;
  readonly last: number;
  /** SHA-256 of the last commit: what its next one would name. */
  readonly head: string;
}

/** What happened with a change, from its request to its end. A function of the commits of its streams and of nothing else. */
export interface ChangeRecord {
  readonly schema: typeof RECORD_SCHEMA;
  readonly rollout: string;
  readonly state: string;
  readonly request: {
    readonly id: string;
    readonly by: string;
    /** SHA-256 of the request's canonical JSON; absent in a rollback. */
    readonly documentHash?: string;
    readonly reason?: string;
    /** Links and tickets (`OPS-12`) that its reason names. */
    readonly references: readonly string[];
    readonly evidence: Evidence;
  };
  readonly change: RecordedChange;
  readonly times: readonly Moment[];
  readonly approvals: readonly Approval[];
  /** What persons and programs told it to do. */
  readonly commands: readonly Statement[];
  /** What was decided by itself: verdicts of gates, brakes, freezes, ends. */
  readonly decisions: readonly Statement[];
  /** How many more of each there are than a record lists. */
  readonly omitted: { readonly commands: number; readonly decisions: number };
  readonly outcome: {
    readonly counts: TargetCounts;
    /** Hosts that did not serve at the end. */
    readonly notServing: number;
    /** A line of JSON for each target, in the order of the plan: how many, and the SHA-256 of all lines. */
    readonly targets: { readonly lines: number; readonly sha256: string };
  };
  /** What was said of it afterwards. */
  readonly labels: readonly Statement[];
  /** Notifications that were delivered. */
  readonly notices: number;
  /** What an auditor should look at: clocks that disagree, approvals that do not fit. */
  readonly warnings: readonly string[];
  readonly streams: readonly StreamSeen[];
  /** All commits that this record was made from. */
  readonly commits: readonly {
    readonly position: number;
    readonly stream: string;
    readonly rev: number;
    readonly recorded: string;
    readonly sha256: string;
  }[];
}

/** What became of one target: a line of targets.jsonl. */
export interface TargetOutcome {
  /** Place in the plan. */
  readonly target: number;
  readonly host: string;
  /** It ran this before. */
  readonly from?: string;
  readonly outcome: string;
  readonly serving: boolean;
  readonly canary: boolean;
  /** Tries. */
  readonly attempts: number;
  readonly step?: string;
  readonly code?: string;
  readonly message?: string;
  /** Of the last thing that was recorded of it; absent for one that was never touched. */
  readonly recorded?: string;
  /** How long its last step took, by the clock of the host. */
  readonly hostMs?: number;
  readonly evidence?: Evidence;
}
