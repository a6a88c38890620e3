import type { RolloutEvent, Stage } from '@sluice/contracts';

import { planOf, type RolloutState } from '../state.js';

/** What must hold before the stage's first target is touched: approval, a person in manual mode, or the wait. */
export function enter(state: RolloutState, stage: Stage, now: number): readonly RolloutEvent[] {
  const { entry } = stage;
  if (entry.kind === 'approval' && !state.approved.has(entry.approval)) return askApproval(state, entry);
  if (ordinalOf(state, stage) <= 1 || state.stage.proceeded) return entered(stage);
  return state.mode === 'manual' ? awaitPerson(state, stage) : awaitInterval(state, stage, now);
}

function askApproval(
  { planHash }: RolloutState,
  { approval, by }: Extract<Stage['entry'], { readonly kind: 'approval' }>,
): readonly RolloutEvent[] {
  if (by === 'required') return [{ type: 'ApprovalRequested', approval, planHash }];
  const reason = 'pre-approved by the plan: the canary baked and its gates passed';
  return [{ type: 'ApprovalGranted', approval, planHash, reason }];
}

function awaitPerson(state: RolloutState, stage: Stage): readonly RolloutEvent[] {
  return state.stage.awaited ? [] : [{ type: 'BatchAwaited', stage: stage.index }];
}

function awaitInterval(state: RolloutState, stage: Stage, now: number): readonly RolloutEvent[] {
  if (state.wait !== undefined) return now < state.wait.until ? [] : entered(stage);
  const delay = intervalOf(state, stage);
  return delay > 0
    ? [{ type: 'WaitStarted', wait: 'interval', stage: stage.index, until: now + delay }]
    : entered(stage);
}

const entered = (stage: Stage): readonly RolloutEvent[] => [{ type: 'StageEntered', stage: stage.index }];

/** Batches are counted from 1; the canary is 0 and waits for nothing either. */
const ordinalOf = (state: RolloutState, stage: Stage): number =>
  planOf(state).canaries > 0 ? stage.index : stage.index + 1;

/** Intervals may be changed in mid-rollout, so they are the state's and not the plan's. */
const intervalOf = (state: RolloutState, stage: Stage): number =>
  ordinalOf(state, stage) >= planOf(state).waits.tailFrom ? state.tailIntervalMs : state.intervalMs;
