import type { Judgement } from '../judgement.js';
import { figure, type Series } from './samples.js';

/** `n` of the last `of` values beyond the limit fail. `max`: larger ones are beyond it; `min`: smaller ones. */
export interface ThresholdPolicy {
  readonly bound: 'max' | 'min';
  readonly limit: number;
  readonly n: number;
  readonly of: number;
}

/**
 * Fails as soon as `n` of the last `of` values are beyond the limit. Passes only with `of` values: with fewer there is
 * nothing to pass on, and the gate holds.
 */
export function judgeThreshold(series: Series, policy: ThresholdPolicy): Judgement {
  const { bound, limit, n, of } = policy;
  const last = series.samples.slice(-of).map(({ value }) => value);
  const beyond = last.filter((value) => (bound === 'max' ? value > limit : value < limit));
  const side = `${bound === 'max' ? 'above' : 'below'} ${figure(limit)}`;
  const unusable = series.unusable === 0 ? '' : `; ${series.unusable} unusable values were left out`;
  if (last.length === 0) return { verdict: 'inconclusive', words: `no data: 0 of ${of} values${unusable}` };
  const count = `${beyond.length} of the last ${last.length} values ${side}`;
  if (beyond.length >= n) {
    const shown = beyond.slice(-5).map(figure).join(', ');
    return { verdict: 'fail', words: `${count} >= limit ${n} of ${of} (${shown})${unusable}` };
  }
  if (last.length < of)
    return { verdict: 'inconclusive', words: `${count}, but only ${last.length} of ${of} are there${unusable}` };
  return { verdict: 'pass', words: `${count} < limit ${n} of ${of}${unusable}` };
}
