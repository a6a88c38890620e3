import type { RolloutEvent, Stage } from '@sluice/contracts';

import { planOf, type RolloutState } from '../state.js';

/** What must hold before the stage's first target is touched: approval, a person in manual mode or the wait, its gates. */
export function enter(state: RolloutState, stage: Stage, now: number): readonly RolloutEvent[] {
  const { entry } = stage;
  if (entry.kind === 'approval' && !state.approved.has(entry.approval)) return askApproval(state, entry);
  if (ordinalOf(state, stage) <= 1 || state.stage.proceeded) return entered(state, stage, now);
  if (state.mode === 'manual') return awaitPerson(state, stage);
  return stage.traffic === undefined ? awaitInterval(state, stage, now) : entered(state, stage, now);
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
  if (state.wait !== undefined) return now < state.wait.until ? [] : entered(state, stage, now);
  const delay = intervalOf(state, stage);
  return delay > 0
    ? [{ type: 'WaitStarted', wait: 'interval', stage: stage.index, until: now + delay }]
    : entered(state, stage, now);
}

/** Gates of the entry are asked last of all, so that what they say is fresh. */
function entered(state: RolloutState, stage: Stage, now: number): readonly RolloutEvent[] {
  const { asked, phase, round, passed } = state.stage;
  const { index, entryGates: gates } = stage;
  if (gates.every((gate) => phase === 'entry' && asked && passed.has(gate)))
    return [{ type: 'StageEntered', stage: index }];
  if (asked && phase === 'entry') return [];
  return [{ type: 'GatesRequested', stage: index, round: round + 1, gates, passNotBefore: now, phase: 'entry' }];
}

/** Batches are counted from 1; the canary is 0 and waits for nothing either. */
const ordinalOf = (state: RolloutState, stage: Stage): number =>
  planOf(state).canaries > 0 ? stage.index : stage.index + 1;

/** Intervals may be changed in mid-rollout, so they are the state's and not the plan's. */
const intervalOf = (state: RolloutState, stage: Stage): number =>
  ordinalOf(state, stage) >= planOf(state).waits.tailFrom ? state.tailIntervalMs : state.intervalMs;
