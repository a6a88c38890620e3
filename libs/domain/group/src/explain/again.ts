import {
  type DecidedAgain,
  encodeEvent,
  type EventMeta,
  type GroupCommand,
  type GroupEvent,
  type LeaseOutcome,
  type Strategy,
} from '@sluice/contracts';
import { messageOf } from '@sluice/kernel';

import { decideGroup, type GroupInput } from '../decide.js';
import type { GroupState } from '../state.js';

/** What the plan of a rollout asks of its group; undefined when the plan is not at hand. */
export type PlanLookup = (rolloutId: string) => { readonly version: string; readonly strategy: Strategy } | undefined;

/** A place in a commit, with the state before it. */
export interface GroupPlace {
  readonly state: GroupState;
  readonly events: readonly GroupEvent[];
  readonly meta: readonly EventMeta[];
  readonly i: number;
  readonly planOf: PlanLookup;
}

type Rebuilt = { readonly input: GroupInput; readonly from: DecidedAgain['from'] } | { readonly lacks: string };
type Of<T extends GroupEvent['type']> = Extract<GroupEvent, { readonly type: T }>;

const own = (input: GroupInput): Rebuilt => ({ input, from: 'event' });

/** Decides again what stands at that place, on the state before it. */
export function decideGroupAgain(place: GroupPlace): Omit<DecidedAgain, 'index'> {
  const rebuilt = inputAt(place);
  if ('lacks' in rebuilt) return { verdict: 'undecidable', from: 'event', words: rebuilt.lacks, count: 1 };
  const { input, from } = rebuilt;
  try {
    const decided = decideGroup(place.state, input);
    if (isThere(place, decided))
      return { verdict: 'same', from, words: 'the same, byte for byte', count: decided.length };
    return { verdict: 'differs', from, words: differs(place, decided[0]), count: 1 };
  } catch (error) {
    return { verdict: 'differs', from, words: `decided again it is refused: ${messageOf(error)}`, count: 1 };
  }
}

const bytesOf = (event: GroupEvent | undefined): string =>
  event === undefined ? 'nothing' : JSON.stringify(encodeEvent(event));

const isThere = ({ events, i }: GroupPlace, decided: readonly GroupEvent[]): boolean =>
  decided.length > 0 && decided.every((event, k) => bytesOf(events[i + k]) === bytesOf(event));

const differs = ({ events, i }: GroupPlace, decided: GroupEvent | undefined): string =>
  `decided again it is ${bytesOf(decided).slice(0, 400)}; recorded is ${bytesOf(events[i]).slice(0, 400)}`;

function inputAt(place: GroupPlace): Rebuilt {
  const event = place.events[place.i];
  switch (event?.type) {
    case 'LeaseGranted':
      return requestOf(place, event.rolloutId);
    case 'LeaseQueued':
      return own({ type: 'request', rolloutId: event.rolloutId, version: event.version, strategy: event.strategy });
    case 'LeaseDropped':
      return droppedAt(place, event);
    case 'VersionSucceeded':
      return succeededAt(place, event);
    case 'LeaseReleased':
      return own({ type: 'release', rolloutId: event.rolloutId, outcome: event.outcome });
    case 'VersionBlocked':
    case 'VersionUnblocked':
      return blockingAt(place, event);
    case 'HostExcluded':
      return said({ type: 'exclude', host: event.host }, event.reason);
    case 'HostIncluded':
      return said({ type: 'include', host: event.host }, event.reason);
    default:
      return { lacks: 'a checkpoint is no decision by itself' };
  }
}

const said = (command: GroupCommand, reason: string): Rebuilt => own({ type: 'command', command, reason });

function requestOf({ planOf }: GroupPlace, rolloutId: string): Rebuilt {
  const plan = planOf(rolloutId);
  if (plan === undefined) return { lacks: `the plan of ${rolloutId} is not at hand` };
  return { input: { type: 'request', rolloutId, ...plan }, from: 'plan stream' };
}

/** Because another came, because it ended before it started, or because its version is blocked. */
function droppedAt(place: GroupPlace, { rolloutId, reason }: Of<'LeaseDropped'>): Rebuilt {
  const next = place.events[place.i + 1];
  if (reason.startsWith('superseded by ') && next?.type === 'LeaseQueued')
    return own({ type: 'request', rolloutId: next.rolloutId, version: next.version, strategy: next.strategy });
  const outcome = /^ended as (succeeded|cancelled|closed|dropped) before it started$/.exec(reason)?.[1];
  if (outcome !== undefined) return own({ type: 'release', rolloutId, outcome: outcome as LeaseOutcome });
  return requestOf(place, rolloutId);
}

function succeededAt({ events, i }: GroupPlace, { type: _, ...success }: Of<'VersionSucceeded'>): Rebuilt {
  const next = events[i + 1];
  if (next?.type !== 'LeaseReleased') return { lacks: 'a success without a release' };
  return own({ type: 'release', rolloutId: next.rolloutId, outcome: next.outcome, success });
}

/** Which rollback of it this was is told by how many were told before. */
function blockingAt({ state, meta, i }: GroupPlace, event: Of<'VersionBlocked' | 'VersionUnblocked'>): Rebuilt {
  const { version, reason } = event;
  const isSaid = meta[i]?.cause.startsWith('command:') === true;
  if (event.type === 'VersionUnblocked') {
    const of = state.blocked[version]?.rolloutId;
    if (isSaid || of === undefined) return said({ type: 'unblock', version }, reason);
    return own({ type: 'unblockBad', rolloutId: of });
  }
  if (event.rolloutId === undefined) return said({ type: 'block', version }, reason);
  const { rolloutId } = event;
  const ordinal = state.blockedFor.filter((id) => id === rolloutId).length + 1;
  return own({ type: 'blockBad', version, rolloutId, ordinal });
}
