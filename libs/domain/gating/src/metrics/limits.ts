import type { Verdict } from '@sluice/contracts';

import type { Judgement } from '../judgement.js';

/**
 * How many measurements a gate bears: fails and passes in all, errors and inconclusive ones in a row. One fail more
 * decides; one error or inconclusive one more is told as such.
 */
export interface VerdictLimits {
  readonly fail: number;
  readonly inconclusive: number;
  readonly error: number;
  /** So many passes are wanted. */
  readonly passes: number;
}

export const DEFAULT_LIMITS: VerdictLimits = { fail: 0, inconclusive: 10, error: 4, passes: 1 };

/** What was measured so far. Counted from the events of the stream, so a restart counts the same. */
export interface VerdictTally {
  readonly pass: number;
  readonly fail: number;
  /** Since the last one that passed or failed. */
  readonly inconclusive: number;
  /** Errors in a row, up to the last measurement. */
  readonly error: number;
}

export const NO_MEASUREMENT: VerdictTally = { pass: 0, fail: 0, inconclusive: 0, error: 0 };

/**
 * The tally after one more measurement. One that is no error ends a row of errors; one that passes or fails ends a row
 * of inconclusive ones: a gate that had nothing to go by in the night may still pass in the morning.
 */
export function counted<T extends VerdictTally>(tally: T, verdict: Verdict): T {
  const isDefinite = verdict === 'pass' || verdict === 'fail';
  const inconclusive = isDefinite ? 0 : tally.inconclusive;
  return { ...tally, inconclusive, error: 0, [verdict]: tally[verdict] + 1 };
}

/**
 * What the gate says after all measurements: fail beyond the limit of fails, pass with enough passes, and otherwise it
 * holds. Too many inconclusive ones or errors in a row are told as such: they hold too, and somebody should look.
 */
export function judgeTally(tally: VerdictTally, limits: VerdictLimits): Judgement & { readonly exceeded: boolean } {
  const { pass, fail, inconclusive, error } = tally;
  if (fail > limits.fail) return { verdict: 'fail', words: `failed ${fail} > limit ${limits.fail}`, exceeded: true };
  if (error > limits.error) {
    return { verdict: 'error', words: `${error} errors in a row > limit ${limits.error}`, exceeded: true };
  }
  if (inconclusive > limits.inconclusive) {
    const words = `inconclusive ${inconclusive} in a row > limit ${limits.inconclusive}`;
    return { verdict: 'inconclusive', words, exceeded: true };
  }
  if (pass >= limits.passes) {
    return {
      verdict: 'pass',
      words: `passed ${pass} of ${limits.passes}, failed ${fail} <= limit ${limits.fail}`,
      exceeded: false,
    };
  }
  const words = `passed ${pass} of ${limits.passes}, failed ${fail}, inconclusive ${inconclusive}, errors ${error}`;
  return { verdict: 'inconclusive', words, exceeded: false };
}
