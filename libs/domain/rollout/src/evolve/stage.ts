import { type RolloutEvent, stageAt } from '@sluice/contracts';
import { unreachable } from '@sluice/kernel';

import { freshStage, phaseAt, planOf, type RolloutState, type StageProgress } from '../state.js';

export type StageEvent = Extract<
  RolloutEvent,
  {
    readonly type:
      | 'StageEntered'
      | 'StageSettled'
      | 'StagePassed'
      | 'GatesRequested'
      | 'GateRecorded'
      | 'WaitStarted'
      | 'BatchAwaited'
      | 'BatchProceeded';
  }
>;

export function evolveStage(state: RolloutState, event: StageEvent): void {
  const { stage } = state;
  switch (event.type) {
    case 'StageEntered':
      enterStage(state);
      break;
    case 'StageSettled':
      stage.settled = true;
      break;
    case 'StagePassed':
      // Its gates watch on until the next one is entered, in the round that they are in.
      state.stage = { ...freshStage(event.stage + 1), releases: stage.releases, during: stage.during };
      state.wait = undefined;
      break;
    case 'GatesRequested':
      askGates(state, event);
      break;
    case 'GateRecorded':
      recordGate(stage, event);
      break;
    case 'WaitStarted':
      state.wait = { kind: event.wait, stage: event.stage, until: event.until };
      break;
    case 'BatchAwaited':
      stage.awaited = true;
      break;
    case 'BatchProceeded':
      stage.proceeded = true;
      break;
    default:
      unreachable(event, 'stage event');
  }
}

function askGates(state: RolloutState, event: Extract<StageEvent, { readonly type: 'GatesRequested' }>): void {
  const { stage } = state;
  stage.round = event.round;
  stage.asked = true;
  stage.gates = event.gates;
  stage.phase = event.phase;
  stage.passed.clear();
  // The side was ready: when it is not ready later, it has its time again.
  if (state.wait?.kind === 'capacity') state.wait = undefined;
}

function recordGate(stage: StageProgress, event: Extract<StageEvent, { readonly type: 'GateRecorded' }>): void {
  const { gate, verdict, words, phase } = event;
  if (phase === 'during') stage.during.set(gate, verdict);
  else if (verdict === 'pass') stage.passed.add(gate);
  if (verdict === 'fail') stage.failedGate = phase === undefined ? { gate, words } : { gate, words, phase };
}

/** Targets that are out of service already go first: to admit them costs nothing. */
function enterStage(state: RolloutState): void {
  const { stage } = state;
  const span = stageAt(planOf(state), stage.index);
  if (span === undefined) return;
  const first: number[] = [];
  const rest: number[] = [];
  for (let target = span.from; target < span.to; target += 1) {
    if (phaseAt(state, target) === 'pending') (state.out[target] === 1 ? first : rest).push(target);
  }
  stage.entered = true;
  stage.releases = 0;
  stage.during.clear();
  stage.order = first.length === 0 ? rest : first.concat(rest);
  stage.cursor = 0;
  state.wait = undefined;
  if (stage.phase === 'entry') unask(stage);
}

/** Gates are asked again, in a new round. */
function unask(stage: StageProgress): void {
  stage.asked = false;
  stage.phase = undefined;
  stage.passed.clear();
}
