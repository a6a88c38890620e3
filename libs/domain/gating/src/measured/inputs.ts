import type { GateLimits, GateMeasure, GateName, GatePhase } from '@sluice/contracts';

import type { GateFrame } from '../inputs.js';
import type { VerdictTally } from '../metrics/limits.js';
import type { TakenSeries } from './taken.js';

/** What was measured before, in the same round. */
export interface MeasuredTally extends VerdictTally {
  /** Of a comparison: how often it was tested, and hence how much of its level is used up. */
  readonly looks: number;
}

export const NOTHING_MEASURED: MeasuredTally = { pass: 0, fail: 0, inconclusive: 0, error: 0, looks: 0 };

/** A question as it was asked, with its placeholders filled in. */
export interface AskedQuery {
  /** `query`, `bad long`, `latency baseline`. */
  readonly name: string;
  readonly query: string;
}

/** Events in the two windows of a burn rate; null: the source had no data. */
export interface CountedEvents {
  readonly bad: number | null;
  readonly total: number | null;
}

/** One run of smoke requests against one place. */
export interface SmokeRun {
  /** The host that was asked; absent: the source's own address. */
  readonly host?: string;
  readonly sent: number;
  readonly passed: number;
  /** Answered, and not as expected. */
  readonly failed: number;
  /** Not answered. */
  readonly error: number;
  readonly skipped: number;
  readonly unsent: number;
  /** `GET /search: status 500, wanted 200`. */
  readonly examples: readonly string[];
  /** Of the requests as they were sent. */
  readonly digest: string;
}

/** What the hosts of the stage that came through say. */
export interface FactsFound {
  readonly kind: 'facts';
  readonly version: string;
  readonly hosts: number;
  /** Those with a fresh heartbeat. */
  readonly heard: number;
  readonly otherVersion: number;
  readonly restarts: number;
  /** How many have a duration of their verify, and the longest one. */
  readonly verified: number;
  readonly slowestVerifyMs: number;
  /** `h03 runs 1.0.0`: the first few. */
  readonly examples: readonly string[];
}

/** What a measurement found, by the kind of its measure. */
export type Found =
  | { readonly kind: 'threshold'; readonly series: TakenSeries }
  | { readonly kind: 'burnRate'; readonly long: CountedEvents; readonly short: CountedEvents }
  | {
      readonly kind: 'comparison';
      readonly metrics: readonly {
        readonly name: string;
        readonly canary: TakenSeries;
        readonly baseline: TakenSeries;
      }[];
    }
  | { readonly kind: 'smoke'; readonly runs: readonly SmokeRun[] }
  | FactsFound
  | {
      readonly kind: 'webhook';
      readonly verdict: 'pass' | 'fail' | 'inconclusive';
      readonly words: string;
      readonly values?: Readonly<Record<string, number>>;
    };

/** Why nothing was found. `code` is the provider's. */
export interface MeasureProblem {
  readonly code: string;
  readonly words: string;
}

/**
 * All that one measurement of a gate of the plan is judged from. Without `found` there is a `problem` (it could not be
 * measured) or `nothing` (there was nothing to ask about). `measure` is the plan's, of smoke without its requests:
 * `policyHash` of the event is the hash of the whole spec.
 */
export interface MeasuredInputs extends GateFrame {
  readonly gate: GateName;
  readonly phase: GatePhase;
  readonly source?: string;
  readonly measure: GateMeasure;
  readonly limits: GateLimits;
  /** What was asked about, ms since the epoch. */
  readonly window: { readonly from: number; readonly to: number };
  readonly asked: readonly AskedQuery[];
  readonly tally: MeasuredTally;
  readonly found?: Found;
  readonly problem?: MeasureProblem;
  readonly nothing?: string;
  /** The source's own: it answered, but perhaps not from all its data. */
  readonly warnings?: readonly string[];
  /** The gate only keeps a scoreboard. */
  readonly shadow?: true;
}

/** At most so many warnings and words are kept. */
export const MAX_WARNINGS = 3;
export const MAX_WORDS = 500;
