import type { DurationText } from './artifact.js';

/** Gates that every installation has: what the rollout itself and heartbeats say. */
export type BuiltInGate = 'settled' | 'ready';

/** A built-in gate, or one that the plan defines (`GateSpec.name`). */
export type GateName = string;

export const BUILT_IN_GATES: readonly BuiltInGate[] = ['settled', 'ready'];

/**
 * When a gate is judged: `entry` before its stage begins, `during` again and again while the stage is under way, `exit`
 * when the stage has settled, until its bake or dwell is over.
 */
export type GatePhase = 'entry' | 'during' | 'exit';

/** What a failure does. `record`: nothing, the gate only keeps a scoreboard. */
export type GateAction = 'brake' | 'rollback' | 'record';

/** How many measurements a gate bears (see VerdictLimits of the gating domain); one more decides. */
export interface GateLimits {
  readonly fail: number;
  readonly inconclusive: number;
  readonly error: number;
  readonly passes: number;
}

/** `n` of the last `of` values beyond `limit` fail. */
export interface ThresholdMeasure {
  readonly kind: 'threshold';
  readonly query: string;
  readonly windowMs: number;
  readonly stepMs: number;
  readonly bound: 'max' | 'min';
  readonly limit: number;
  readonly n: number;
  readonly of: number;
}

/** `bad` and `total` are queries that count events over the window that stands in them as `{{window}}`. */
export interface BurnRateMeasure {
  readonly kind: 'burnRate';
  readonly bad: string;
  readonly total: string;
  readonly objective: number;
  readonly factor: number;
  readonly longMs: number;
  readonly shortMs: number;
  readonly minEvents: number;
}

export interface ComparedQuery {
  readonly name: string;
  /** Which way is bad. */
  readonly bad: 'increase' | 'decrease' | 'either';
  readonly weight: number;
  readonly critical?: boolean;
  readonly canary: string;
  readonly baseline: string;
}

/** Canary (or new side) against baseline, by Mann-Whitney U; see ComparisonPolicy of the gating domain. */
export interface ComparisonMeasure {
  readonly kind: 'comparison';
  readonly metrics: readonly ComparedQuery[];
  readonly windowMs: number;
  readonly stepMs: number;
  readonly level: number;
  readonly looks: number;
  readonly effect: number;
  readonly minSamples: number;
  readonly pass: number;
  readonly marginal: number;
  readonly maxMissing: number;
}

/** One request and what its answer must be. `path` starts with `/`. */
export interface SmokeRequest {
  readonly method?: string;
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  readonly status?: number;
  /** The body holds this text. */
  readonly contains?: string;
  /** The answer takes at most so long. */
  readonly maxMs?: number;
}

/** Synthetic requests, and recorded ones replayed from a JSONL file of the source, against the new side only. */
export interface SmokeMeasure {
  readonly kind: 'smoke';
  readonly requests: readonly SmokeRequest[];
  /** Replay so many of the recorded requests (the source names the file), at most so many a second. */
  readonly replay?: { readonly most: number; readonly perSecond: number };
  /** So many requests may fail. */
  readonly maxFailures: number;
}

/** What the hosts of the stage say: running version, restarts since, how long verify took. */
export interface FactsMeasure {
  readonly kind: 'facts';
  readonly maxRestarts?: number;
  readonly maxVerifyMs?: number;
  /** So many hosts may run another version. */
  readonly maxOtherVersion?: number;
}

/** An outside judge is asked over HTTP. */
export interface WebhookMeasure {
  readonly kind: 'webhook';
}

export type GateMeasure =
  ThresholdMeasure | BurnRateMeasure | ComparisonMeasure | SmokeMeasure | FactsMeasure | WebhookMeasure;

/**
 * A gate of a plan. Queries may name {{app}}, {{group}}, {{version}}, {{side}}, {{oldSide}}, {{hosts}} (those of the
 * stage, as a regular expression) and {{others}} (those that still run what was before).
 */
export interface GateSpec {
  readonly name: GateName;
  /** Its name among the sources of the health-gate (SLUICE_GATE_SOURCES); `facts` needs none. */
  readonly source?: string;
  readonly at: readonly GatePhase[];
  readonly onFail: GateAction;
  readonly intervalMs: number;
  readonly limits: GateLimits;
  readonly measure: GateMeasure;
}

/** A measure as people write it: durations are texts (`window: 5m`), what has a default may be left out. */
export type MeasureDocument =
  | (Pick<ThresholdMeasure, 'kind' | 'query' | 'limit'> & {
      readonly window?: DurationText;
      readonly step?: DurationText;
      readonly bound?: 'max' | 'min';
      readonly n?: number;
      readonly of?: number;
    })
  | (Pick<BurnRateMeasure, 'kind' | 'bad' | 'total' | 'objective'> & {
      readonly factor?: number;
      readonly long?: DurationText;
      readonly short?: DurationText;
      readonly minEvents?: number;
    })
  | (Pick<ComparisonMeasure, 'kind'> &
      Partial<Omit<ComparisonMeasure, 'kind' | 'metrics' | 'windowMs' | 'stepMs'>> & {
        readonly metrics: readonly (Omit<ComparedQuery, 'weight' | 'bad'> &
          Partial<Pick<ComparedQuery, 'weight' | 'bad'>>)[];
        readonly window?: DurationText;
        readonly step?: DurationText;
      })
  | (Pick<SmokeMeasure, 'kind'> & Partial<Omit<SmokeMeasure, 'kind'>>)
  | (Pick<FactsMeasure, 'kind' | 'maxRestarts' | 'maxOtherVersion'> & { readonly maxVerify?: DurationText })
  | WebhookMeasure;

/** A gate as a request or a template says it. */
export interface GateDocument {
  readonly name: GateName;
  readonly source?: string;
  readonly at?: readonly GatePhase[];
  readonly onFail?: GateAction;
  readonly interval?: DurationText;
  readonly limits?: Partial<GateLimits>;
  readonly measure: MeasureDocument;
}
