import type { GroupEvent } from '@sluice/contracts';

import type { GroupState } from './state.js';

export type GroupCheckpointed = Extract<GroupEvent, { readonly type: 'GroupCheckpointed' }>;

/** A checkpoint follows so many events: what a reader of the group folds is bounded, whatever its age. */
export const CHECKPOINT_EVERY = 100;

/** Characters of a checkpoint: of at most three bytes each, they leave a commit room for the decision itself. */
const MAX_CHARACTERS = 100_000;

/** The checkpoint that the state owes; undefined also when it would not fit a commit: then the past stays in the log. */
export function checkpointDue(state: GroupState): GroupCheckpointed | undefined {
  if (state.since < CHECKPOINT_EVERY) return undefined;
  const checkpoint = checkpointOf(state);
  return JSON.stringify(checkpoint).length > MAX_CHARACTERS ? undefined : checkpoint;
}

/** The state as one event. */
export function checkpointOf(state: GroupState): GroupCheckpointed {
  const { token, active, waiting, history, blocked, excluded, dropped, blockedFor } = state;
  return {
    type: 'GroupCheckpointed',
    token,
    ...(active === undefined ? {} : { active }),
    ...(waiting === undefined ? {} : { waiting }),
    history,
    blocked: Object.entries(blocked).map(([version, block]) => ({ version, ...block })),
    excluded: Object.entries(excluded).map(([host, reason]) => ({ host, reason })),
    dropped: Object.entries(dropped).map(([rolloutId, reason]) => ({ rolloutId, reason })),
    blockedFor,
  };
}

/** The state that a checkpoint tells, whatever was known before. */
export function restored(event: GroupCheckpointed): GroupState {
  const { token, active, waiting, history, blockedFor } = event;
  return {
    token,
    active,
    waiting,
    history,
    blocked: Object.fromEntries(event.blocked.map(({ version, ...block }) => [version, block])),
    excluded: Object.fromEntries(event.excluded.map(({ host, reason }) => [host, reason])),
    dropped: Object.fromEntries(event.dropped.map(({ rolloutId, reason }) => [rolloutId, reason])),
    blockedFor,
    since: 0,
  };
}
