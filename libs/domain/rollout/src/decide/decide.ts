import type { RolloutEvent } from '@sluice/contracts';
import { unreachable } from '@sluice/kernel';

import { lossCause } from '../budget.js';
import type { LogLoss, RolloutInput } from '../inputs.js';
import { isTerminal, type RolloutState } from '../state.js';
import { decideRamp } from '../ramp/inputs.js';
import { isPastReturn, wayBack } from '../traffic/back.js';
import { decideTraffic } from '../traffic/inputs.js';
import { advance, finish } from './advance.js';
import { decideBalanced } from './balancer.js';
import { decideCommand, decideExclude } from './commands.js';
import { decideFreezes } from './freezes.js';
import { decideArrival } from './members.js';
import { decideHeard, decideSeen, decideSilent } from './presence.js';
import { decideDeadlines, decideNeverSeen, decideRefused, decideReport, decideUnreachable } from './reports.js';
import { decideVerdict } from './verdicts.js';

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
      return decideVerdict(state, input.judged);
    case 'sideSeen':
    case 'weightPublished':
    case 'sideRetired':
    case 'trafficTrouble':
      return decideTraffic(state, input);
    case 'rampSeen':
    case 'rampTrouble':
      return decideRamp(state, input);
    case 'freezes':
      return decideFreezes(state, input.freezes, input.over);
    case 'start':
      return start(state, input);
    case 'logRegressed':
      return logRegressed(state, input.loss);
    case 'exclude':
      return exclude(state, input);
    case 'arrival':
      return decideArrival(state, input);
    case 'silent':
    case 'heard':
    case 'seen':
      return presence(state, input, now);
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

type Presence = Extract<RolloutInput, { readonly type: 'silent' | 'heard' | 'seen' }>;

/** What heartbeats say. */
function presence(state: RolloutState, input: Presence, now: number): readonly RolloutEvent[] {
  if (input.type === 'silent') return decideSilent(state, input.targets, now);
  return input.type === 'heard' ? decideHeard(state, input.targets) : decideSeen(state, input.members);
}

function exclude(
  state: RolloutState,
  { host, reason }: Extract<RolloutInput, { readonly type: 'exclude' }>,
): readonly RolloutEvent[] {
  return isTerminal(state.status) || state.status === 'unplanned' ? [] : decideExclude(state, host, reason);
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
  // All traffic is on the new side, which is live: only the end of the old one is left, and the next rollout needs it.
  if (isPastReturn(state)) return [{ type: 'StagePassed', stage: state.stage.index }, ...finish(state)];
  const ending = { cause: 'superseded', reason: `superseded by ${by}` } as const;
  return [{ type: 'RolloutSettling', ...ending, by }, ...wayBack(state, ending)];
}
