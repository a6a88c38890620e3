import type { GateName } from '../request.js';

export type Verdict = 'pass' | 'fail' | 'inconclusive' | 'error';

/**
 * Written by the health-gate on `gate` streams. `inputs` are the values that were judged and `words` the arithmetic,
 * so that the verdict can be decided again from the event alone.
 */
export interface GateJudged {
  readonly type: 'GateJudged';
  readonly stage: number;
  readonly round: number;
  readonly gate: GateName;
  readonly verdict: Verdict;
  readonly words: string;
  readonly inputs: Readonly<Record<string, unknown>>;
  readonly policyHash: string;
}

export type GateEvent = GateJudged;
