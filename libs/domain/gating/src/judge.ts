import type { GateJudged, Verdict } from '@sluice/contracts';
import { SluiceError, unreachable } from '@sluice/kernel';

import { type GateFrame, type GateInputs, inputFaults, type ReadyInputs, type SettledInputs } from './inputs.js';
import type { MeasuredInputs } from './measured/inputs.js';
import type { Judgement } from './judgement.js';
import { judgedMeasure, judgeMeasured } from './measured/judge-measured.js';

/** What follows from the inputs, and from nothing else. */
export function judge(inputs: GateInputs | MeasuredInputs): Judgement {
  if ('measure' in inputs) {
    const { verdict, words } = judgeMeasured(inputs);
    return { verdict, words };
  }
  switch (inputs.gate) {
    case 'settled':
      return judgeSettled(inputs);
    case 'ready':
      return judgeReady(inputs);
    default:
      return unreachable(inputs, 'gate');
  }
}

/** A verdict that ends its request; the others hold and are judged again. */
export const isFinal = (verdict: Verdict): boolean => verdict === 'pass' || verdict === 'fail';

/** Failures do not fail this gate: how many are too many is the budget's to say. */
function judgeSettled(inputs: SettledInputs): Judgement {
  const { counts, targets, inStep } = inputs;
  const settled = counts.done + counts.skipped + counts.failed + counts.unknown + counts.excluded;
  const kinds = [`${counts.done} done`, ...someOf(counts.skipped, 'skipped'), `${counts.failed} failed`];
  const rest = [...someOf(counts.unknown, 'unknown'), ...someOf(counts.excluded, 'excluded'), `${inStep} in a step`];
  const words = `${settled} of ${targets} settled: ${[...kinds, ...rest].join(', ')}`;
  return settled === targets && inStep === 0 ? passFrom(inputs, words) : { verdict: 'inconclusive', words };
}

function judgeReady(inputs: ReadyInputs): Judgement {
  const { desired, ready, notReady, doubtful, silent, policy } = inputs;
  if (inputs.problem !== undefined) {
    return { verdict: 'error', words: `heartbeats cannot be read: ${inputs.problem}; the gate holds until they can` };
  }
  const named = exampleWords(inputs);
  if (notReady > policy.limit) {
    return { verdict: 'fail', words: `${notReady} of ${desired} not ready > limit ${policy.limit}${named}` };
  }
  const missing = [...someOf(silent, 'without a fresh heartbeat'), ...someOf(doubtful, 'in doubt')];
  const allowed = someOf(notReady, `not ready <= limit ${policy.limit}`);
  const count = `${ready} of ${desired} ready`;
  if (missing.length > 0)
    return { verdict: 'inconclusive', words: `${[count, ...missing, ...allowed].join(', ')}${named}` };
  return passFrom(inputs, `${[count, ...allowed].join(', ')}${named}`);
}

/** The bake is watched to its end: what would pass now holds until then. */
function passFrom({ at, passNotBefore }: GateFrame, words: string): Judgement {
  if (at >= passNotBefore) return { verdict: 'pass', words };
  return { verdict: 'inconclusive', words: `${words}; watched until ${new Date(passNotBefore).toISOString()}` };
}

const someOf = (count: number, what: string): string[] => (count === 0 ? [] : [`${count} ${what}`]);

/** `: h03 runs 1.0.0 (3 heartbeats), h07 ... and 4 more`. */
function exampleWords({ examples, notReady, doubtful, silent }: ReadyInputs): string {
  if (examples.length === 0) return '';
  const named = examples.map(({ host, says, heartbeats }) =>
    heartbeats === 0 ? `${host} ${says}` : `${host} ${says} (${heartbeats} heartbeats)`,
  );
  const more = notReady + doubtful + silent - examples.length;
  return `: ${named.join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
}

/** The event of a judgement: carries all that it was decided from. */
export function judged(inputs: GateInputs, policyHash: string): GateJudged {
  const { verdict, words } = judge(inputs);
  const { stage, round, gate } = inputs;
  return { type: 'GateJudged', stage, round, gate, verdict, words, inputs: { ...inputs }, policyHash };
}

/**
 * Decides a recorded verdict again from its own inputs: equal to the event, byte for byte, unless somebody changed it.
 * Code BAD_GATE_INPUTS when the inputs are not what this version judges.
 */
export function rejudge(event: GateJudged): GateJudged {
  const faults = inputFaults(event.gate, event.inputs);
  if (faults.length > 0) {
    throw new SluiceError(
      'BAD_GATE_INPUTS',
      `the verdict cannot be decided again: its inputs lack a valid ${faults.join(', ')}`,
      {
        gate: event.gate,
        faults,
      },
    );
  }
  if ('measure' in event.inputs) return judgedMeasure(event.inputs as unknown as MeasuredInputs, event.policyHash);
  return judged(event.inputs as unknown as GateInputs, event.policyHash);
}
