import { type Explanation, type GateJudged, type GateSpec, hashOf, type Plan } from '@sluice/contracts';
import { rejudge, specHash } from '@sluice/gating';
import { messageOf } from '@sluice/kernel';

/** Whether a verdict decided again from its recorded inputs is the recorded one, byte for byte. */
export interface GateAgain {
  readonly same: boolean;
  /** What is different. */
  readonly words: string;
}

/** Nothing is asked: the inputs alone decide, by the policy that the plan has. */
export function verifyVerdict(event: GateJudged, plan: Plan): GateAgain {
  try {
    const again = rejudge(event);
    const foreign = foreignTo(plan, event);
    if (foreign !== undefined) return { same: false, words: foreign };
    if (hashOf(again) === hashOf(event)) return { same: true, words: 'the same, byte for byte' };
    return { same: false, words: `decided again it is ${again.verdict}: ${again.words}` };
  } catch (error) {
    return { same: false, words: messageOf(error) };
  }
}

/** What the verdict was judged by that is not the plan's; built-in gates have no policy in a plan. */
function foreignTo({ gateSpecs = [] }: Plan, event: GateJudged): string | undefined {
  const spec = gateSpecs.find(({ name }) => name === event.gate);
  if (spec === undefined) return undefined;
  if (specHash(spec) !== event.policyHash) return 'it was judged by another policy than that of the plan';
  const { limits, measure } = event.inputs;
  if (hashOf(limits) !== hashOf(spec.limits)) return 'its inputs have other limits than the plan';
  return isMeasureOf(spec, measure) ? undefined : 'its inputs have another measure than the plan';
}

/** Requests of smoke tests are left out of inputs. */
function isMeasureOf({ measure }: GateSpec, recorded: unknown): boolean {
  if (measure.kind !== 'smoke') return hashOf(recorded) === hashOf(measure);
  return typeof recorded === 'object' && hashOf({ ...recorded, requests: measure.requests }) === hashOf(measure);
}

const WHEN = { entry: 'before it', during: 'in the middle of it', exit: 'at its end' } as const;

/** A verdict in short; all of its inputs are in the event. */
export function explainVerdict(event: GateJudged, plan: Plan | undefined): Explanation {
  const { gate, stage, round, verdict, words, policyHash, phase = 'exit', shadow } = event;
  const measure = plan?.gateSpecs?.find(({ name }) => name === gate)?.measure.kind ?? 'built in';
  return {
    kind: 'gate',
    outcome: `${gate} judged: ${verdict}${shadow === true ? ' (only records)' : ''}`,
    rule: `gate ${gate} (${measure}) on stage ${stage}, ${WHEN[phase]}`,
    inputs: { gate, measure, stage, round, verdict, policy: policyHash.slice(0, 12) },
    arithmetic: words,
  };
}
