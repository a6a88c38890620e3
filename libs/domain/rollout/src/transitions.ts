import type { RolloutCommandType } from '@sluice/contracts';
import { SluiceError } from '@sluice/kernel';

import { budgetIsFree } from './budget.js';
import { countOf, isFrozen, planOf, type RolloutState, type RolloutStatus } from './state.js';
import { isPastReturn } from './traffic/back.js';
import { canSetWeight } from './traffic/weight.js';

type Condition = (state: RolloutState) => boolean;

const always: Condition = () => true;
const hasFailed: Condition = (state) => countOf(state, 'failed') + countOf(state, 'unknown') > 0;
const hasUnverified: Condition = (state) => [...state.failures.values()].some(({ step }) => step === 'verify');
/** Each supersedes the one before: so many lead to nothing else. */
const MAX_ROLLBACKS = 10;
const hasWayBack: Condition = (state) => state.rollbackTo !== undefined && state.touched > 0;
/** A variable goes back by itself, once it has set out. */
const canReverse: Condition = (state) => state.stage.entered && planOf(state).rollbackable !== false;
const canGoBack: Condition = (state) => (state.ramp === undefined ? canRestore(state) : canReverse(state));
const canRestore: Condition = (state) =>
  state.traffic === undefined ? hasWayBack(state) && state.rollbacks === 0 : canShiftBack(state);
/** Nothing has to be restored for it: the old side is there until it is retired (STR-02). */
const canShiftBack: Condition = (state) => !isPastReturn(state) && planOf(state).rollbackable !== false;
/** From the order to retire the old side on the new one is live whatever happens. */
const canCancel: Condition = (state) => !isPastReturn(state);
/** A rollback may itself be cancelled, fail or be refused its plan: what it was to restore can be restored once more. */
const canGoBackAgain: Condition = (state) => hasWayBack(state) && state.rollbacks < MAX_ROLLBACKS;
const waitsForBatch: Condition = (state) => state.stage.awaited && !state.stage.proceeded;
const freeToResume: Condition = (state) =>
  state.brake?.kind === 'gate' ||
  state.brake?.kind === 'dependency' ||
  state.brake?.kind === 'capacity' ||
  state.brake?.kind === 'ramp' ||
  budgetIsFree(state);
const advisory: Condition = (state) => planOf(state).budget.advisory;
const hasTargets: Condition = ({ traffic, ramp }) => traffic === undefined && ramp === undefined;
const canOverride: Condition = (state) => hasTargets(state) && !advisory(state);

const STEERING = { setMode: always, setInterval: hasTargets, setWeight: canSetWeight, hotfix: isFrozen } as const;

/**
 * The one transition table (design 6.4): which commands a state offers, and under which condition. What a command
 * does stands in decide/commands.ts; anything that is not offered is refused with this list.
 */
const OFFERS: Readonly<Record<RolloutStatus, Readonly<Partial<Record<RolloutCommandType, Condition>>>>> = {
  unplanned: {},
  planned: { cancel: always },
  running: { pause: always, proceed: waitsForBatch, cancel: canCancel, rollback: canGoBack, ...STEERING },
  'awaiting-approval': {
    approve: always,
    reject: always,
    pause: always,
    cancel: canCancel,
    rollback: canGoBack,
    ...STEERING,
  },
  paused: { resume: always, cancel: canCancel, rollback: canGoBack, ...STEERING },
  braked: {
    retry: hasFailed,
    skip: hasFailed,
    waive: hasUnverified,
    resume: freeToResume,
    override: canOverride,
    cancel: canCancel,
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
  const details = { state: state.status, actions };
  const why = whyNoWayBack(state, command);
  if (why !== undefined) throw new SluiceError('NOT_OFFERED', why, details);
  const offered = actions.length === 0 ? 'nothing' : actions.join(', ');
  throw new SluiceError(
    'NOT_OFFERED',
    `${command} is not possible while the rollout is ${state.status}; possible now: ${offered}`,
    details,
  );
}

/** Why nothing leads back, where that is more than the state of the rollout. */
function whyNoWayBack(state: RolloutState, command: RolloutCommandType): string | undefined {
  const { plan } = state;
  if (plan === undefined || (command !== 'rollback' && command !== 'cancel')) return undefined;
  const { version, traffic } = plan;
  if (command === 'rollback' && plan.rollbackable === false)
    return `${version} is declared not to be rolled back: roll out a version that repairs it`;
  if (traffic === undefined || !isPastReturn(state)) return undefined;
  return `side ${traffic.oldSide} was ordered to retire and side ${traffic.newSide} is live with ${version}: nothing leads back, roll out the version that you want`;
}
