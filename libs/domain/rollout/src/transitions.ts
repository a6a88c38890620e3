import type { RolloutCommandType } from '@sluice/contracts';
import { SluiceError } from '@sluice/kernel';

import { budgetIsFree } from './budget.js';
import { countOf, planOf, type RolloutState, type RolloutStatus } from './state.js';

type Condition = (state: RolloutState) => boolean;

const always: Condition = () => true;
const hasFailed: Condition = (state) => countOf(state, 'failed') + countOf(state, 'unknown') > 0;
const hasUnverified: Condition = (state) => [...state.failures.values()].some(({ step }) => step === 'verify');
/** Each supersedes the one before: so many lead to nothing else. */
const MAX_ROLLBACKS = 10;
const hasWayBack: Condition = (state) => state.rollbackTo !== undefined && state.touched > 0;
const canGoBack: Condition = (state) => hasWayBack(state) && state.rollbacks === 0;
/** A rollback may itself be cancelled, fail or be refused its plan: what it was to restore can be restored once more. */
const canGoBackAgain: Condition = (state) => hasWayBack(state) && state.rollbacks < MAX_ROLLBACKS;
const waitsForBatch: Condition = (state) => state.stage.awaited && !state.stage.proceeded;
const freeToResume: Condition = (state) =>
  state.brake?.kind === 'gate' ||
  state.brake?.kind === 'dependency' ||
  state.brake?.kind === 'capacity' ||
  budgetIsFree(state);
const advisory: Condition = (state) => planOf(state).budget.advisory;
const braked =
  (condition: Condition): Condition =>
  (state) =>
    condition(state) && !advisory(state);

const STEERING = { setMode: always, setInterval: always } as const;

/**
 * The one transition table (design 6.4): which commands a state offers, and under which condition. What a command
 * does stands in decide/commands.ts; anything that is not offered is refused with this list.
 */
const OFFERS: Readonly<Record<RolloutStatus, Readonly<Partial<Record<RolloutCommandType, Condition>>>>> = {
  unplanned: {},
  planned: { cancel: always },
  running: { pause: always, proceed: waitsForBatch, cancel: always, rollback: canGoBack, ...STEERING },
  'awaiting-approval': {
    approve: always,
    reject: always,
    pause: always,
    cancel: always,
    rollback: canGoBack,
    ...STEERING,
  },
  paused: { resume: always, cancel: always, rollback: canGoBack, ...STEERING },
  braked: {
    retry: hasFailed,
    skip: hasFailed,
    waive: hasUnverified,
    resume: freeToResume,
    override: braked(always),
    cancel: always,
    rollback: canGoBack,
    ...STEERING,
  },
  settling: {},
  succeeded: { rollback: canGoBackAgain },
  failed: { retry: hasFailed, skip: hasFailed, waive: hasUnverified, rollback: canGoBackAgain, close: always },
  cancelled: { rollback: canGoBackAgain },
  closed: { rollback: canGoBackAgain },
};

/** The commands that the state offers now, in the table's order (TRS-10). */
export function nextActions(state: RolloutState): readonly RolloutCommandType[] {
  return (Object.entries(OFFERS[state.status]) as [RolloutCommandType, Condition][])
    .filter(([, offered]) => offered(state))
    .map(([type]) => type);
}

/** Code NOT_OFFERED, with what is offered, unless the state offers the command. */
export function assertOffered(state: RolloutState, command: RolloutCommandType): void {
  const actions = nextActions(state);
  if (actions.includes(command)) return;
  if (command === 'rollback' && state.plan?.rollbackable === false) {
    throw new SluiceError(
      'NOT_OFFERED',
      `${state.plan.version} is declared not to be rolled back: roll out a version that repairs it`,
      {
        state: state.status,
        actions,
      },
    );
  }
  const offered = actions.length === 0 ? 'nothing' : actions.join(', ');
  throw new SluiceError(
    'NOT_OFFERED',
    `${command} is not possible while the rollout is ${state.status}; possible now: ${offered}`,
    { state: state.status, actions },
  );
}
