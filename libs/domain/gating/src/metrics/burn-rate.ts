import type { Judgement } from '../judgement.js';
import { figure } from './samples.js';

/**
 * How fast an error budget is used up. `objective` is the promised share of good events (0.999); a burn rate of 1 uses
 * up the budget exactly over the promise's period. It fails when both windows burn faster than `factor`: the long one
 * says that it matters, the short one that it still goes on.
 */
export interface BurnRatePolicy {
  readonly objective: number;
  readonly factor: number;
  /** Fewer events in a window say nothing. */
  readonly minEvents: number;
}

/** What a window counted; undefined where the source had no data. */
export interface WindowCounts {
  readonly name: string;
  readonly bad: number | undefined;
  readonly total: number | undefined;
}

export function judgeBurnRate(
  windows: { readonly long: WindowCounts; readonly short: WindowCounts },
  policy: BurnRatePolicy,
): Judgement {
  const long = burnOf(windows.long, policy);
  const short = burnOf(windows.short, policy);
  if (typeof long === 'string' || typeof short === 'string') {
    const why = [long, short].filter((part): part is string => typeof part === 'string');
    return { verdict: 'inconclusive', words: why.join('; ') };
  }
  const { factor } = policy;
  const words = `${long.words}, ${short.words}; limit ${figure(factor)} in both`;
  if (long.rate > factor && short.rate > factor) return { verdict: 'fail', words };
  return { verdict: 'pass', words };
}

interface Burn {
  readonly rate: number;
  readonly words: string;
}

/** The burn rate of a window, or why there is none. */
function burnOf({ name, bad, total }: WindowCounts, { objective, minEvents }: BurnRatePolicy): Burn | string {
  if (!isCount(bad) || !isCount(total)) return `no data over ${name}`;
  if (total < minEvents) return `${figure(total)} events over ${name} < ${minEvents} that are wanted`;
  const ratio = Math.min(1, bad / total);
  const rate = ratio / (1 - objective);
  return { rate, words: `burn ${figure(rate)} over ${name} (${figure(bad)} bad of ${figure(total)})` };
}

const isCount = (value: number | undefined): value is number =>
  value !== undefined && Number.isFinite(value) && value >= 0;
