import type { GroupEvent, Strategy } from '@sluice/contracts';
import { unreachable } from '@sluice/kernel';

/** A version that a rollout brought to the end in this group. */
export interface Success {
  readonly version: string;
  readonly rolloutId: string;
  readonly strategy: Strategy;
  readonly sha256: string;
  /** Strategy rollback: the rollout whose version it restored. */
  readonly restores?: string;
}

export interface WaitingRollout {
  readonly rolloutId: string;
  readonly version: string;
  readonly strategy: Strategy;
}

/** One group, folded from its `group` stream. */
export interface GroupState {
  readonly token: number;
  readonly active: string | undefined;
  readonly waiting: WaitingRollout | undefined;
  /** The last successes, oldest first. */
  readonly history: readonly Success[];
  /** Version -> why. */
  readonly blocked: Readonly<Record<string, { readonly reason: string; readonly rolloutId?: string }>>;
  /** Host -> why. Independent of every rollout (TAR-34). */
  readonly excluded: Readonly<Record<string, string>>;
  /** Rollouts that were told that they will not start -> why; the last ones, so that a restart tells them again. */
  readonly dropped: Readonly<Record<string, string>>;
  /** Rollouts whose bad version was blocked once: a person who unblocks it is not overruled. */
  readonly blockedFor: readonly string[];
}

/** Successes that are remembered: rollback and redeploy need the last ten. */
const MAX_HISTORY = 50;

/** Decisions about rollouts that may have to be told again after a restart. */
const MAX_REMEMBERED = 100;

export const initialGroup = (): GroupState => ({
  token: 0,
  active: undefined,
  waiting: undefined,
  history: [],
  blocked: {},
  excluded: {},
  dropped: {},
  blockedFor: [],
});

const without = <T>(record: Readonly<Record<string, T>>, key: string): Record<string, T> =>
  Object.fromEntries(Object.entries(record).filter(([name]) => name !== key));

export function evolveGroup(state: GroupState, event: GroupEvent): GroupState {
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
