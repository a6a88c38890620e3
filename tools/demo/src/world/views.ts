/** What the demo reads of the API's rollouts. */
export interface RolloutSummary {
  readonly id: string;
  readonly state: string;
  readonly version: string;
  readonly planHash: string;
  readonly wanted?: string;
  readonly counts: Readonly<Record<string, number>>;
  readonly budget: { readonly maxUnavailable: number; readonly members: number; readonly lost: number };
  readonly brake?: {
    readonly kind: string;
    readonly words: string;
    readonly numbers: Readonly<Record<string, number>>;
  };
  readonly rollbackOf?: string;
}

/** One event of a rollout's history. */
export interface EventRow {
  readonly type: string;
  readonly at: number;
  readonly position: number;
  readonly writer: string;
  readonly target?: number;
  readonly targets?: readonly number[];
  readonly step?: string;
  readonly n?: number;
  readonly note?: string;
  readonly stage?: number;
  readonly wait?: string;
  readonly until?: number;
  readonly run?: string;
  readonly verdict?: string;
  readonly words?: string;
  readonly why?: string;
  readonly weights?: Readonly<Record<string, number>>;
}

/** What the demo reads of a variable. */
export interface VariableSummary {
  readonly phase: string;
  readonly counts: { readonly from: number; readonly to: number; readonly other: number };
  /** What the hosts say that they have. */
  readonly reported: { readonly same: number; readonly other: number; readonly silent: number };
}
