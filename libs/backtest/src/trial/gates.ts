import {
  type GateJudged,
  type GateMeasure,
  type GatePhase,
  type GateSpec,
  type Plan,
  specsAt,
  stageAt,
  type Verdict,
} from '@sluice/contracts';
import {
  inputFaults,
  judgeMeasured,
  type MeasuredInputs,
  type MeasuredTally,
  NOTHING_MEASURED,
  tallyAfter,
} from '@sluice/gating';
import type { RolloutState } from '@sluice/rollout';

import type { CandidateGate } from '../policy/policy.js';
import { type CandidateSpec, candidateSpec, patched } from './candidate-spec.js';
import { isLaxer } from './laxer.js';

/** What the candidate makes of a measurement that the live policy judged. */
export type GateFinding =
  /** `atLatest`: measurements before it were not written down, and it may have failed at one of them. */
  | { readonly kind: 'fails'; readonly words: string; readonly atLatest: boolean }
  | { readonly kind: 'unrecorded'; readonly why: string }
  | { readonly kind: 'holds' };

interface Known extends CandidateSpec {
  readonly live: GateSpec;
  readonly gate: CandidateGate;
}

/** Measurements of one gate in one round of a phase, as the candidate counts them. */
interface Row {
  tally: MeasuredTally;
  /** The live tally after what was written down last: where the next one goes on, unless some were not written. */
  live: MeasuredTally;
  unwritten: number;
}

const HOLDS: GateFinding = { kind: 'holds' };

/** The candidate's gates over one rollout: what was recorded is judged again, in the order in which it was judged. */
export class CandidateGates {
  private readonly known = new Map<string, Known>();
  private readonly rows = new Map<string, Row>();
  /** By phase, stage and gate: what the candidate said last, and the live policy of the same measurement. */
  private readonly said = new Map<string, { readonly verdict: Verdict; readonly live: Verdict }>();
  /** Gates that the candidate wants and the plan has not. */
  readonly absent: readonly string[];

  constructor(plan: Plan, gates: readonly CandidateGate[]) {
    const absent: string[] = [];
    for (const gate of gates) {
      const live = plan.gateSpecs?.find(({ name }) => name === gate.name);
      if (live !== undefined) this.known.set(gate.name, { ...candidateSpec(live, gate), live, gate });
      else if (gate.measure !== undefined) absent.push(gate.name);
    }
    this.absent = absent;
  }

  /** Undefined for a gate that the policy says nothing about, or that says nothing here any more. */
  judge(state: RolloutState, judged: GateJudged): GateFinding | undefined {
    const known = this.known.get(judged.gate);
    if (known === undefined || !isOfNow(state, judged)) return undefined;
    const phase = judged.phase ?? 'exit';
    const decides = this.decidesAt(known.spec, phase);
    if (!decides) return HOLDS;
    if (known.unrecorded !== undefined) return { kind: 'unrecorded', why: known.unrecorded };
    if (inputFaults(judged.gate, judged.inputs).length > 0)
      return { kind: 'unrecorded', why: 'what it was judged from cannot be read' };
    const { verdict, words, row } = this.again(known, judged);
    this.said.set(keyOf(phase, judged.stage, judged.gate), { verdict, live: judged.verdict });
    if (verdict === 'fail') return { kind: 'fails', words, atLatest: row.unwritten > 0 };
    if (row.unwritten > 0) {
      const why = `${row.unwritten} measurements were not written down, and this policy could have failed at one of them`;
      return { kind: 'unrecorded', why };
    }
    return HOLDS;
  }

  /** Of a gate of the policy: whether it fails in that phase as far as was recorded; undefined for any other gate. */
  fails(phase: GatePhase, stage: number, gate: string): boolean | undefined {
    const known = this.known.get(gate);
    if (known === undefined) return undefined;
    return this.decidesAt(known.spec, phase) && this.said.get(keyOf(phase, stage, gate))?.verdict === 'fail';
  }

  /** A gate that was asked at this phase and has not passed for the candidate, though the live policy went on. */
  waitsFor(state: RolloutState, phase: 'entry' | 'exit', index: number): string | undefined {
    const stage = this.known.size === 0 || state.plan === undefined ? undefined : stageAt(state.plan, index);
    if (stage === undefined || state.plan === undefined) return undefined;
    return specsAt(state.plan, stage, phase)
      .map(({ name }) => name)
      .find((name) => {
        const known = this.known.get(name);
        const said = this.said.get(keyOf(phase, index, name))?.verdict;
        return known !== undefined && this.decidesAt(known.spec, phase) && said !== undefined && said !== 'pass';
      });
  }

  /** All that the live policy still waits for has passed for the candidate, or does not decide there. */
  isThrough(state: RolloutState): boolean {
    const { asked, gates, passed, phase = 'exit', index } = state.stage;
    if (this.known.size === 0 || !asked || gates.length === 0) return false;
    const saidOf = (gate: string) => this.said.get(keyOf(phase, index, gate));
    // What the live policy passed as well is on its way: the rollout takes it in its next turn.
    const isAwaited = gates.some((gate) => !passed.has(gate) && saidOf(gate)?.live !== 'pass');
    return isAwaited && gates.every((gate) => this.passes(gate, phase, saidOf(gate)?.verdict) ?? passed.has(gate));
  }

  /** Undefined for a gate that the policy says nothing about. */
  private passes(gate: string, phase: GatePhase, verdict: Verdict | undefined): boolean | undefined {
    const known = this.known.get(gate);
    return known === undefined ? undefined : verdict === 'pass' || !this.decidesAt(known.spec, phase);
  }

  private decidesAt({ onFail, at }: GateSpec, phase: GatePhase): boolean {
    return onFail !== 'record' && at.includes(phase);
  }

  private again(known: Known, judged: GateJudged): { readonly verdict: Verdict; readonly words: string; row: Row } {
    const inputs = judged.inputs as unknown as MeasuredInputs;
    const { spec, gate, live, isSameMeasure } = known;
    const row = this.rowOf(`${keyOf(inputs.phase, judged.stage, judged.gate)}/${judged.round}`);
    if (isSameMeasure) {
      // What was not written down counts the same under other limits, and the recorded tally holds it.
      const { verdict, words } = judgeMeasured({ ...inputs, limits: spec.limits });
      return { verdict, words, row };
    }
    const measure: GateMeasure = patched(inputs.measure, gate.measure ?? {});
    this.countUnwritten(row, inputs.tally, isLaxer(live.measure, spec.measure));
    const said = judgeMeasured({ ...inputs, measure, limits: spec.limits, tally: row.tally });
    row.tally = said.tally;
    row.live = tallyAfter(inputs);
    return { verdict: said.verdict, words: said.words, row };
  }

  /** A laxer measure passes wherever the live one passed; of any other nobody knows. */
  private countUnwritten(row: Row, now: MeasuredTally, laxer: boolean): void {
    const missing = now.pass - row.live.pass + Math.max(0, now.inconclusive - row.live.inconclusive);
    const isWhole = missing === 0 && now.error === row.live.error && now.inconclusive === row.live.inconclusive;
    if (isWhole) return;
    if (laxer) row.tally = { ...row.tally, pass: row.tally.pass + (now.pass - row.live.pass), ...inARow(now) };
    else row.unwritten += Math.max(1, missing);
  }

  private rowOf(key: string): Row {
    const row = this.rows.get(key) ?? { tally: NOTHING_MEASURED, live: NOTHING_MEASURED, unwritten: 0 };
    this.rows.set(key, row);
    return row;
  }
}

const inARow = ({ inconclusive, error }: MeasuredTally): Pick<MeasuredTally, 'inconclusive' | 'error'> => ({
  inconclusive,
  error,
});

const keyOf = (phase: GatePhase, stage: number, gate: string): string => `${phase}/${stage}/${gate}`;

const TAKES_NONE: ReadonlySet<RolloutState['status']> = new Set(['settling', 'succeeded', 'cancelled', 'closed']);

/** As the rollout itself takes verdicts: of another stage or round they come too late. */
function isOfNow({ stage, status }: RolloutState, { phase, round, stage: of }: GateJudged): boolean {
  if (TAKES_NONE.has(status)) return false;
  const byReleases = round === stage.releases + 1;
  if (phase === 'during') return byReleases && of === (stage.entered ? stage.index : stage.index - 1);
  // Where no gate decides none is asked, and those that only record count their rounds by releases.
  return of === stage.index && (round === stage.round || (stage.gates.length === 0 && byReleases));
}
