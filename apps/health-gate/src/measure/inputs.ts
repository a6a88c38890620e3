import { canonicalJson, type GateMeasure } from '@sluice/contracts';
import type { MeasuredInputs, MeasuredTally } from '@sluice/gating';

import type { RolloutWatch } from '../watch/rollout-watch.js';
import type { Outcome } from './measurer.js';
import type { GateRow } from './rows.js';

/** What a verdict may hold, in characters: a commit takes 512 KiB. */
const MOST_CHARACTERS = 300_000;

/** All that a measurement is judged from. */
export function inputsFor(
  watch: RolloutWatch,
  row: GateRow,
  outcome: Outcome,
  { tally, at }: { readonly tally: MeasuredTally; readonly at: number },
): MeasuredInputs {
  const { spec, stage, phase, round, passNotBefore, position } = row;
  const inputs: MeasuredInputs = {
    ...{ stage: stage.index, round, at, passNotBefore, positions: { request: position, exec: watch.execPosition } },
    ...{ gate: spec.name, phase, measure: judgedMeasureOf(spec.measure), limits: spec.limits, tally },
    ...(spec.source === undefined ? {} : { source: spec.source }),
    ...(spec.onFail === 'record' ? { shadow: true as const } : {}),
    ...outcome,
  };
  if (canonicalJson(inputs).length <= MOST_CHARACTERS) return inputs;
  const { found: _, asked: __, ...rest } = inputs;
  const words = `what was found has more than ${MOST_CHARACTERS} characters: compare fewer metrics or shorten queries`;
  return { ...rest, asked: [], problem: { code: 'INPUTS_TOO_LARGE', words } };
}

/** Requests are judged by what came of them; they stand in the plan, and their digest in what was found. */
const judgedMeasureOf = (measure: GateMeasure): GateMeasure =>
  measure.kind === 'smoke' ? { ...measure, requests: [] } : measure;
