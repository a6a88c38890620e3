import { type GateJudged, type GateSpec, hashOf } from '@sluice/contracts';

import type { Judgement } from '../judgement.js';
import { counted, judgeTally } from '../metrics/limits.js';
import type { MeasuredInputs, MeasuredTally } from './inputs.js';
import { isLook, measure } from './measure.js';

/** The verdict of the gate after this measurement, and how it came about. */
export interface MeasuredJudgement extends Judgement {
  /** What the measurement says by itself. */
  readonly measured: Judgement;
  /** With it counted in. */
  readonly tally: MeasuredTally;
  /** Errors or inconclusive measurements are beyond their limit: somebody should look. */
  readonly exceeded: boolean;
}

/** The tally with the measurement of these inputs counted in: where the next one goes on. */
export const tallyAfter = (inputs: MeasuredInputs): MeasuredTally => judgeMeasured(inputs).tally;

/**
 * Measurement and tally together. Fails beyond their limit are final at any time. It passes with enough passes, in its
 * time, and only by a measurement that passes itself: earlier ones do not speak for a source that has died since.
 */
export function judgeMeasured(inputs: MeasuredInputs): MeasuredJudgement {
  const { limits, at, passNotBefore } = inputs;
  const measured = measure(inputs);
  const { looks } = inputs.tally;
  const tally = { ...counted(inputs.tally, measured.verdict), looks: looks + (isLook(inputs) ? 1 : 0) };
  const all = judgeTally(tally, limits);
  const isEnough = all.verdict === 'pass' && measured.verdict === 'pass';
  const verdict = all.verdict === 'pass' && (!isEnough || at < passNotBefore) ? 'inconclusive' : all.verdict;
  const watched = isEnough && at < passNotBefore ? `; watched until ${new Date(passNotBefore).toISOString()}` : '';
  return { verdict, words: `${measured.words}; ${all.words}${watched}`, measured, tally, exceeded: all.exceeded };
}

/** Hash of what a gate is judged by: `policyHash` of its verdicts. */
export const specHash = (spec: GateSpec): string => hashOf(spec);

/** The event of a measurement, with all that it was decided from. */
export function judgedMeasure(inputs: MeasuredInputs, policyHash: string): GateJudged {
  const { verdict, words } = judgeMeasured(inputs);
  const { stage, round, gate, phase, shadow } = inputs;
  return {
    ...{ type: 'GateJudged', stage, round, gate, verdict, words, inputs: { ...inputs }, policyHash },
    ...(phase === 'exit' ? {} : { phase }),
    ...(shadow === true ? { shadow } : {}),
  };
}
