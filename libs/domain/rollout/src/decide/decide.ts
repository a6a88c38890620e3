import type { GateJudged, RolloutEvent } from '@sluice/contracts';
import { unreachable } from '@sluice/kernel';

import { lossCause } from '../budget.js';
import type { LogLoss, RolloutInput } from '../inputs.js';
import { isTerminal, type RolloutState } from '../state.js';
import { advance } from './advance.js';
import { decideBalanced } from './balancer.js';
import { decideCommand, decideExclude } from './commands.js';
import { decideArrival } from './members.js';
import { decideHeard, decideSeen, decideSilent } from './presence.js';
import { decideDeadlines, decideNeverSeen, decideRefused, decideReport, decideUnreachable } from './reports.js';

/** What follows from one input at `now` (ms since the epoch). Follow it with `advance` until that stays quiet. */
export function decideRollout(state: RolloutState, input: RolloutInput, now: number): readonly RolloutEvent[] {
  switch (input.type) {
    case 'report':
      return decideReport(state, input.report);
    case 'advance':
      return advance(state, now);
    case 'tick':
      return decideDeadlines(state, now);
    case 'neverSeen':
      return decideNeverSeen(state, input.target, input.n);
    case 'unreachable':
      return decideUnreachable(state, input.target, input.n);
    case 'refused':
      return decideRefused(state, input);
    case 'balanced':
      return decideBalanced(state, input);
    case 'verdict':
      return verdict(state, input.judged);
    case 'sideSeen':
    case 'weightPublished':
    case 'sideRetired':
    case 'trafficTrouble':
    case 'freezes':
      return [];
    case 'start':
      return start(state, input);
    case 'logRegressed':
      return logRegressed(state, input.loss);
    case 'exclude':
      return isTerminal(state.status) || state.status === 'unplanned'
        ? []
        : decideExclude(state, input.host, input.reason);
    case 'arrival':
      return decideArrival(state, input);
    case 'silent':
      return decideSilent(state, input.targets, now);
    case 'heard':
      return decideHeard(state, input.targets);
    case 'seen':
      return decideSeen(state, input.members);
    case 'supersede':
      return supersede(state, input.by);
    case 'drop':
      return state.status === 'planned' ? [{ type: 'RolloutSettling', cause: 'rejected', reason: input.reason }] : [];
    case 'command':
      return decideCommand(state, input.command, input);
    default:
      return unreachable(input, 'input');
  }
}

/** A start that was said already stays quiet: the lease is granted once, however often its owner restarts. */
function start(state: RolloutState, input: Extract<RolloutInput, { readonly type: 'start' }>): readonly RolloutEvent[] {
  if (state.status !== 'planned') return [];
  return [
    {
      type: 'RolloutStarted',
      token: input.token,
      ...(input.rollbackTo === undefined ? {} : { rollbackTo: input.rollbackTo }),
    },
    ...(input.loss === undefined ? [] : [{ type: 'RolloutBraked', cause: lossCause(input.loss) } as const]),
  ];
}

/** What the log says of the hosts may be too old, so nothing goes on before a person has looked (design 4). */
function logRegressed(state: RolloutState, loss: LogLoss): readonly RolloutEvent[] {
  switch (state.status) {
    case 'running':
    case 'awaiting-approval':
    case 'paused':
      return [{ type: 'RolloutBraked', cause: lossCause(loss) }];
    case 'braked':
      return state.brake?.kind === 'log' ? [] : [{ type: 'RolloutBraked', cause: lossCause(loss) }];
    default:
      return [];
  }
}

/** Admits no more, settles, ends; then the new rollout gets the lease (design 6.5). */
function supersede(state: RolloutState, by: string): readonly RolloutEvent[] {
  if (isTerminal(state.status) || state.status === 'settling') return [];
  if (state.status === 'failed') return [{ type: 'RolloutClosed', cause: 'superseded', reason: `superseded by ${by}` }];
  return [{ type: 'RolloutSettling', cause: 'superseded', by, reason: `superseded by ${by}` }];
}

/** A verdict of another stage or round comes too late. Inconclusive and error hold; what fails brakes by the course. */
function verdict(state: RolloutState, judged: GateJudged): readonly RolloutEvent[] {
  const { stage, round, gate, verdict: said, words } = judged;
  const { asked, index, round: now, passed, failedGate } = state.stage;
  const awaited = asked && index === stage && now === round && !passed.has(gate) && failedGate?.gate !== gate;
  if (!awaited || isTerminal(state.status) || state.status === 'settling') return [];
  return [{ type: 'GateRecorded', stage, round, gate, verdict: said, words }];
}
