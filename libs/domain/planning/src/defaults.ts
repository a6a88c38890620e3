import type { Environment, GateName, ProcessProfile, Profile, RolloutMode, StepSpec } from '@sluice/contracts';

/** What a request need not say (TAR-15). Durations in milliseconds. */
export interface EnvironmentDefaults {
  readonly strategy: 'canary' | 'rolling';
  readonly batches: string;
  readonly intervalMs: number;
  readonly bakeMs: number;
  readonly approvals: 'required' | 'policy';
}

/**
 * The defaults by class of environment; a request overrides each one by itself.
 *
 * | | production | test |
 * |---|---|---|
 * | strategy | canary | rolling |
 * | batches | 25% | 100% |
 * | largest share of a batch | 50% | 100% |
 * | interval | 60 s | none |
 * | tailInterval, from batch tailFrom (3) | = interval | = interval |
 * | bake | 5 min | none |
 * | approvals.batches | required | policy |
 *
 * Everywhere: gates settled and ready, mode automatic, onCanaryFailure hold, failureThreshold = the batch share,
 * extraFailures 0, minServing 0, startTimeout 180 s (the deadline of verify), verify GET /health wants status 200
 * three times in a row, one second apart, drainWindow 5 s.
 */
export const ENVIRONMENT_DEFAULTS: Readonly<Record<Environment, EnvironmentDefaults>> = {
  production: { strategy: 'canary', batches: '25%', intervalMs: 60_000, bakeMs: 300_000, approvals: 'required' },
  test: { strategy: 'rolling', batches: '100%', intervalMs: 0, bakeMs: 0, approvals: 'policy' },
};

/** What a request for a group with sides need not say. Durations in milliseconds. */
export interface ShiftDefaults {
  readonly dwellMs: number;
  readonly drainWindowMs: number;
  readonly approvals: Readonly<Record<ShiftStrategy, 'required' | 'policy'>>;
}

/** Strategies of a group with sides; a canary there is one by weight. */
export type ShiftStrategy = 'traffic' | 'blueGreen' | 'canary';

/**
 * The defaults of a shift of traffic; the strategy of a group with sides is `traffic`.
 *
 * | | traffic | blueGreen | canary |
 * |---|---|---|---|
 * | weights | 1, 5, 10, 25, 50, 75, 100 | 100 | 5, 100 |
 * | preScale | 25% | 100% | 25% |
 * | approvals.batches in production | policy (one command, SWB-09) | required | required |
 * | what is approved | nothing; before the first weight when required | the switch | the second weight |
 *
 * | | production | test |
 * |---|---|---|
 * | dwell (of a canary: bake) | 5 min | none |
 * | drainWindow, never 0 (STR-03) | 5 min | 5 s |
 * | approvals.batches | as above | policy |
 * | smoke gates at weight 0 | after pre-scaling | beside it (SWB-18) |
 *
 * Everywhere: readyWithin 30 min, smokeAt 0 and the first weight when there is a smoke gate. With data that is
 * compatible one way alone, an approval before the first weight is required.
 */
export const SHIFT_DEFAULTS: Readonly<Record<Environment, ShiftDefaults>> = {
  production: {
    dwellMs: 300_000,
    drainWindowMs: 300_000,
    approvals: { traffic: 'policy', blueGreen: 'required', canary: 'required' },
  },
  test: {
    dwellMs: 0,
    drainWindowMs: 5_000,
    approvals: { traffic: 'policy', blueGreen: 'policy', canary: 'policy' },
  },
};

export const DEFAULT_WEIGHTS: Readonly<Record<ShiftStrategy, readonly number[]>> = {
  traffic: [1, 5, 10, 25, 50, 75, 100],
  blueGreen: [100],
  canary: [5, 100],
};
export const DEFAULT_PRE_SCALE: Readonly<Record<ShiftStrategy, number>> = { traffic: 25, blueGreen: 100, canary: 25 };
export const DEFAULT_READY_WITHIN_MS = 1_800_000;
export const MAX_READY_WITHIN_MS = 24 * 3_600_000;

/** Of gates that measure. The numbers of verdicts and comparisons are those that judge (a test holds them together). */
export const GATE_DEFAULTS = {
  intervalMs: 10_000,
  limits: { fail: 0, inconclusive: 10, error: 4, passes: 1 },
  threshold: { windowMs: 300_000, stepMs: 15_000, n: 3, of: 5 },
  /** 2 % of a month's error budget within an hour. */
  burnRate: { factor: 14.4, longMs: 3_600_000, shortMs: 300_000, minEvents: 100 },
  comparison: {
    windowMs: 600_000,
    stepMs: 15_000,
    ...{ level: 0.05, looks: 1, effect: 0.15, minSamples: 10, pass: 90, marginal: 60, maxMissing: 0 },
  },
} as const;

export const DEFAULT_TAIL_FROM = 3;
export const DEFAULT_MODE: RolloutMode = 'automatic';
export const DEFAULT_GATES: readonly GateName[] = ['settled', 'ready'];
export const DEFAULT_START_TIMEOUT_MS = 180_000;
export const DEFAULT_VERIFY = { path: '/health', status: 200, successes: 3, intervalMs: 1_000 } as const;
export const DEFAULT_DRAIN_WINDOW_MS = 5_000;

/** A host may be out of service for hours, not for months: longer waits are typing errors. */
export const MAX_START_TIMEOUT_MS = 24 * 3_600_000;
export const MAX_DRAIN_WINDOW_MS = 24 * 3_600_000;

/** No report for so long: the agent is asked. */
export const POLL_AFTER_MS = 5_000;

const MIN_ATTEMPT_DEADLINE_MS = 600_000;

/**
 * When an attempt without a result is unknown: at least ten minutes, and long enough for the drain window, a slow
 * download and a start that uses up its time-out (C9: 170 s of 180 s must pass).
 */
export function attemptDeadlineMs(
  startTimeoutMs: number,
  drainWindowMs: number,
  deadlinesMs: StepSpec['deadlinesMs'] = {},
): number {
  // A step's deadline begins anew when its agent restarts, and other steps need their time too: so it comes on top.
  const asked = Object.values(deadlinesMs).reduce((sum, ms) => sum + ms, 0);
  return Math.max(MIN_ATTEMPT_DEADLINE_MS, 2 * startTimeoutMs + drainWindowMs + asked + 120_000);
}

/** What the hooks of the slowest of these profiles may take: an attempt outlasts them, too. */
export const longestHooksMs = (profiles: readonly Profile[]): number =>
  Math.max(0, ...profiles.map((profile) => (profile.kind === 'process' ? hooksMs(profile) : 0)));

const hooksMs = ({ preStop, postStart }: ProcessProfile): number =>
  (preStop?.timeoutMs ?? 0) + (postStart?.timeoutMs ?? 0);
