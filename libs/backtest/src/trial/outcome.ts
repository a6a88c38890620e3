/** Where in the log something was known: a commit, and the event in it. */
export interface Place {
  readonly stream: string;
  readonly rev: number;
  /** Place of the event in its commit, from 0. */
  readonly event: number;
  readonly position: number;
  /** ms since the epoch. */
  readonly at: number;
}

/** The first event at which the candidate and the live policy differ. Behind it nothing is known. */
export type Divergence =
  /** The candidate stops where the live policy went on. `atLatest`: perhaps earlier, what was measured before is not recorded. */
  | { readonly kind: 'stops'; readonly at: Place; readonly because: string; readonly atLatest: boolean }
  /** The candidate goes on where the live policy stopped. */
  | { readonly kind: 'goesOn'; readonly at: Place; readonly because: string }
  | { readonly kind: 'unknown'; readonly at?: Place; readonly because: string };

/** What the earlier stop would have kept from being touched, known from what was touched in fact. */
export interface Spared {
  readonly targets: number;
  /** Time until the live policy stopped, or until the rollout ended. */
  readonly ms: number;
  /** Its end is not in this log, so it may be more. */
  readonly soFar?: true;
}

/** How a rollout ended, as far as its events say it; `neither`: called off, superseded, or not ended. */
export type HowItEnded = 'good' | 'bad' | 'neither';

/** One rollout under both policies. */
export interface TrialResult {
  readonly rollout: string;
  readonly app: string;
  readonly group: string;
  readonly version: string;
  readonly plannedAt: number;
  readonly open: boolean;
  /** Where the live policy stopped it first, and why. */
  readonly live?: { readonly at: Place; readonly because: string };
  /** `same`: both stopped at the same events, or neither did. */
  readonly outcome: 'same' | Divergence['kind'];
  readonly divergence?: Divergence;
  readonly spared?: Spared;
  /** Whether the candidate stops the rollout at all. */
  readonly stops: boolean | 'unknown';
  readonly end: HowItEnded;
}
