import { type GateJudged, type RolloutEvent, specsAt, stageAt } from '@sluice/contracts';

import { gateCause } from '../budget.js';
import { isTerminal, planOf, type RolloutState } from '../state.js';

/**
 * A verdict of another stage, phase or round comes too late, and one that only records says nothing here. Inconclusive
 * and error hold; what fails brakes by the course.
 */
export function decideVerdict(state: RolloutState, judged: GateJudged): readonly RolloutEvent[] {
  const { stage, round, gate, verdict, words, phase } = judged;
  if (
    stage !== (phase === 'during' ? watchedStage(state) : state.stage.index) ||
    isTerminal(state.status) ||
    state.status === 'settling'
  )
    return [];
  if (judged.shadow === true || onlyRecords(state, gate)) return [];
  if (!(phase === 'during' ? isNews(state, judged) : isAwaited(state, judged))) return [];
  const recorded: RolloutEvent = {
    type: 'GateRecorded',
    ...{ stage, round, gate, verdict, words },
    ...(phase === undefined ? {} : { phase }),
  };
  return [recorded, ...brakeAtOnce(state, judged)];
}

/** What runs brakes by its course; what stands and waits for a person may serve all the while, so it does not wait. */
function brakeAtOnce(state: RolloutState, { gate, verdict, words, phase }: GateJudged): readonly RolloutEvent[] {
  if (phase !== 'during' || verdict !== 'fail') return [];
  if (state.status !== 'paused' && state.status !== 'awaiting-approval') return [];
  const cause = gateCause({ stage: { ...state.stage, failedGate: { gate, words, phase } } });
  return cause === undefined ? [] : [{ type: 'RolloutBraked', cause }];
}

const onlyRecords = (state: RolloutState, gate: string): boolean =>
  planOf(state).gateSpecs?.find(({ name }) => name === gate)?.onFail === 'record';

function isAwaited({ stage }: RolloutState, { round, gate, phase }: GateJudged): boolean {
  const { asked, passed, failedGate } = stage;
  return asked && phase === stage.phase && round === stage.round && !passed.has(gate) && failedGate?.gate !== gate;
}

/**
 * The stage that gates watch now: between two stages (an interval, an approval) what the last one brought serves all the
 * while, so its gates watch on.
 */
const watchedStage = ({ stage: { entered, index } }: RolloutState): number => (entered ? index : index - 1);

/** What watches the stage is judged without being asked, over and over: recorded is what it says anew. */
function isNews(state: RolloutState, { round, gate, verdict }: GateJudged): boolean {
  const { releases, during } = state.stage;
  const stage = stageAt(planOf(state), watchedStage(state));
  if (stage === undefined || round !== releases + 1 || during.get(gate) === verdict) return false;
  return specsAt(planOf(state), stage, 'during').some(({ name }) => name === gate);
}
