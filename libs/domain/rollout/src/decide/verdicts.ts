import { type GateJudged, type RolloutEvent, specsAt, stageAt } from '@sluice/contracts';

import { isTerminal, planOf, type RolloutState } from '../state.js';

/**
 * A verdict of another stage, phase or round comes too late, and one that only records says nothing here. Inconclusive
 * and error hold; what fails brakes by the course.
 */
export function decideVerdict(state: RolloutState, judged: GateJudged): readonly RolloutEvent[] {
  const { stage, round, gate, verdict, words, phase } = judged;
  if (stage !== state.stage.index || isTerminal(state.status) || state.status === 'settling') return [];
  if (judged.shadow === true || onlyRecords(state, gate)) return [];
  if (!(phase === 'during' ? isNews(state, judged) : isAwaited(state, judged))) return [];
  return [{ type: 'GateRecorded', stage, round, gate, verdict, words, ...(phase === undefined ? {} : { phase }) }];
}

const onlyRecords = (state: RolloutState, gate: string): boolean =>
  planOf(state).gateSpecs?.find(({ name }) => name === gate)?.onFail === 'record';

function isAwaited({ stage }: RolloutState, { round, gate, phase }: GateJudged): boolean {
  const { asked, passed, failedGate } = stage;
  return asked && phase === stage.phase && round === stage.round && !passed.has(gate) && failedGate?.gate !== gate;
}

/** What watches the stage is judged without being asked, over and over: recorded is what it says anew. */
function isNews(state: RolloutState, { round, gate, verdict }: GateJudged): boolean {
  const { entered, index, releases, during } = state.stage;
  const stage = stageAt(planOf(state), index);
  if (!entered || stage === undefined || round !== releases + 1 || during.get(gate) === verdict) return false;
  return specsAt(planOf(state), stage, 'during').some(({ name }) => name === gate);
}
