import type { Verdict } from '@sluice/contracts';

/** A verdict and its arithmetic in words. */
export interface Judgement {
  readonly verdict: Verdict;
  readonly words: string;
}
