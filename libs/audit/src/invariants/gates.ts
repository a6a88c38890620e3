import type { GateSpec, RolloutEvent } from '@sluice/contracts';

import type { Complain } from './complain.js';
import type { RolloutModel } from './rollout-model.js';
import { shiftStageOf } from './shift-model.js';

type Of<T extends RolloutEvent['type']> = Extract<RolloutEvent, { readonly type: T }>;
type Phase = GateSpec['at'][number];

/** Gates of the plan that decide at this phase of the stage. */
function decidingGates(model: RolloutModel, phase: Phase, stage = model.stage): readonly string[] {
  const { gateSpecs = [] } = model.plan;
  return gateSpecs
    .filter((spec) => spec.at.includes(phase) && spec.onFail !== 'record' && isOf(model, spec, stage))
    .map(({ name }) => name);
}

/** A smoke gate where the plan marks the stage, any other one where there is traffic; on hosts every one. */
function isOf({ plan, shift }: RolloutModel, { measure }: GateSpec, stage: number): boolean {
  if (shift === undefined) return true;
  const { smoke, kind } = shiftStageOf({ plan, stage });
  return measure.kind === 'smoke' ? smoke : kind === 'weight';
}

export function askGates(model: RolloutModel, { round, gates, phase }: Of<'GatesRequested'>, complain: Complain): void {
  if (round !== model.round + 1) complain('I5', `gates were asked in round ${round} after round ${model.round}`);
  if (phase === 'entry' && model.entered) complain('I5', `gates of the entry were asked in stage ${model.stage}`);
  model.round = round;
  model.asked = { gates, phase };
  model.gatesPassed.clear();
  if (model.wait?.kind === 'capacity') model.wait = undefined;
}

/** A verdict counts for the phase and the round that asked for it, and no other. */
export function recordGate(model: RolloutModel, event: Of<'GateRecorded'>, complain: Complain): void {
  const { gate, stage, round, phase, verdict } = event;
  const wanted = phase === 'during' ? watched(model) : { stage: model.stage, round: model.round };
  if (stage !== wanted.stage || round !== wanted.round)
    complain('I5', `a verdict of stage ${stage}, round ${round} was taken at ${wanted.stage}, ${wanted.round}`);
  decides(model, gate, complain);
  if (phase === 'during') watches(model, gate, complain);
  else if (phase !== model.asked?.phase) complain('I5', `${gate} was taken for another phase than asked`);
  if (verdict === 'pass' && phase !== 'during') model.gatesPassed.add(gate);
  if (verdict === 'fail') model.gateFailed = true;
}

function decides({ plan: { gateSpecs = [] } }: RolloutModel, gate: string, complain: Complain): void {
  if (gateSpecs.some(({ name, onFail }) => name === gate && onFail === 'record'))
    complain('I5', `${gate} only records, and its verdict was taken`);
}

/** Until the next stage is entered, what the last one brought serves on and is watched. */
const watched = ({ entered, stage, releases }: RolloutModel): { readonly stage: number; readonly round: number } => ({
  stage: entered ? stage : stage - 1,
  round: releases + 1,
});

function watches(model: RolloutModel, gate: string, complain: Complain): void {
  const { stage } = watched(model);
  if (!decidingGates(model, 'during', stage).includes(gate))
    complain('I5', `${gate} does not watch stage ${stage} by the plan`);
}

/** Before its first target or request: what the plan asks at the entry has passed. */
export function mayEnter(model: RolloutModel, complain: Complain): void {
  const gates = decidingGates(model, 'entry');
  const passed = model.asked?.phase === 'entry' ? model.gatesPassed : new Set<string>();
  for (const gate of gates)
    if (!passed.has(gate)) complain('I5', `stage ${model.stage} was entered without the gate ${gate} of its entry`);
  if (model.asked?.phase === 'entry') {
    model.asked = undefined;
    model.gatesPassed.clear();
  }
}

/** At its end; a stage of hosts in which nothing came through has nothing to be judged. */
export function hasPassed(model: RolloutModel, cameThrough: boolean, complain: Complain): void {
  if (!cameThrough) return;
  for (const gate of [...model.plan.gates, ...decidingGates(model, 'exit')])
    if (!model.gatesPassed.has(gate)) complain('I5', `stage ${model.stage} passed without the gate ${gate}`);
}
