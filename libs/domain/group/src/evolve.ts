import type { GroupEvent } from '@sluice/contracts';
import { unreachable } from '@sluice/kernel';

import { type GroupCheckpointed, restored } from './checkpoint.js';
import type { GroupState } from './state.js';

/** Successes that are remembered: rollback and redeploy need the last ten. */
const MAX_HISTORY = 50;

/** Decisions about rollouts that may have to be told again after a restart. */
const MAX_REMEMBERED = 100;

const without = <T>(record: Readonly<Record<string, T>>, key: string): Record<string, T> =>
  Object.fromEntries(Object.entries(record).filter(([name]) => name !== key));

export function evolveGroup(state: GroupState, event: GroupEvent): GroupState {
  if (event.type === 'GroupCheckpointed') return restored(event);
  return { ...changed(state, event), since: state.since + 1 };
}

function changed(state: GroupState, event: Exclude<GroupEvent, GroupCheckpointed>): GroupState {
  switch (event.type) {
    case 'LeaseGranted':
      return {
        ...state,
        token: event.token,
        active: event.rolloutId,
        waiting: state.waiting?.rolloutId === event.rolloutId ? undefined : state.waiting,
      };
    case 'LeaseQueued':
      return { ...state, waiting: { rolloutId: event.rolloutId, version: event.version, strategy: event.strategy } };
    case 'LeaseDropped':
      return {
        ...state,
        waiting: state.waiting?.rolloutId === event.rolloutId ? undefined : state.waiting,
        dropped: Object.fromEntries(
          [...Object.entries(state.dropped), [event.rolloutId, event.reason]].slice(-MAX_REMEMBERED),
        ),
      };
    case 'LeaseReleased':
      return state.active === event.rolloutId ? { ...state, active: undefined } : state;
    case 'VersionSucceeded': {
      const { type: _, ...success } = event;
      return { ...state, history: [...state.history, success].slice(-MAX_HISTORY) };
    }
    case 'VersionBlocked':
      return {
        ...state,
        blocked: {
          ...state.blocked,
          [event.version]: {
            reason: event.reason,
            ...(event.rolloutId === undefined ? {} : { rolloutId: event.rolloutId }),
          },
        },
        blockedFor:
          event.rolloutId === undefined
            ? state.blockedFor
            : [...state.blockedFor, event.rolloutId].slice(-MAX_REMEMBERED),
      };
    case 'VersionUnblocked':
      return { ...state, blocked: without(state.blocked, event.version) };
    case 'HostExcluded':
      return { ...state, excluded: { ...state.excluded, [event.host]: event.reason } };
    case 'HostIncluded':
      return { ...state, excluded: without(state.excluded, event.host) };
    default:
      return unreachable(event, 'group event');
  }
}
