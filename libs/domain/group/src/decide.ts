import type { GroupCommand, GroupEvent, LeaseOutcome, Strategy } from '@sluice/contracts';
import { SluiceError, unreachable } from '@sluice/kernel';

import { checkpointDue } from './checkpoint.js';
import { evolveGroup } from './evolve.js';
import type { GroupState, Success } from './state.js';

export type GroupInput =
  | { readonly type: 'request'; readonly rolloutId: string; readonly version: string; readonly strategy: Strategy }
  | { readonly type: 'release'; readonly rolloutId: string; readonly outcome: LeaseOutcome; readonly success?: Success }
  /** The rollout's rollback of that ordinal was ordered: its bad version does not start again (TRS-06). */
  | { readonly type: 'blockBad'; readonly version: string; readonly rolloutId: string; readonly ordinal: number }
  /** A rollback of it was cancelled. */
  | { readonly type: 'unblockBad'; readonly rolloutId: string }
  | { readonly type: 'command'; readonly command: GroupCommand; readonly reason?: string };

/**
 * One lease per group; its token strictly grows; a blocked version does not start (design 6.2). Now and then a decision
 * ends with a checkpoint of the state that it leaves, so that a group's past can be archived.
 */
export function decideGroup(state: GroupState, input: GroupInput): readonly GroupEvent[] {
  const events = decided(state, input);
  if (events.length === 0) return events;
  const checkpoint = checkpointDue(events.reduce(evolveGroup, state));
  return checkpoint === undefined ? events : [...events, checkpoint];
}

function decided(state: GroupState, input: GroupInput): readonly GroupEvent[] {
  switch (input.type) {
    case 'request':
      return request(state, input);
    case 'release':
      return release(state, input);
    case 'blockBad':
      return blockBad(state, input);
    case 'unblockBad':
      return Object.entries(state.blocked)
        .filter(([, block]) => block.rolloutId === input.rolloutId)
        .map(([version]) => ({ type: 'VersionUnblocked', version, reason: 'its rollback was cancelled' }));
    case 'command':
      return command(state, input.command, input.reason);
    default:
      return unreachable(input, 'group input');
  }
}

/**
 * Once for each rollback of a rollout, so that a person who unblocks the version is not overruled; and said once more for
 * a later rollback of it, whether the version is still blocked or not, so that it counts. What a person blocked stays theirs.
 */
function blockBad(state: GroupState, input: Extract<GroupInput, { readonly type: 'blockBad' }>): readonly GroupEvent[] {
  const { version, rolloutId, ordinal } = input;
  const told = state.blockedFor.filter((id) => id === rolloutId).length;
  const isOthers = Object.hasOwn(state.blocked, version) && state.blocked[version]?.rolloutId !== rolloutId;
  if (told >= ordinal || isOthers) return [];
  return [{ type: 'VersionBlocked', version, rolloutId, reason: `rolled back from ${rolloutId}` }];
}

/** Asked again and again by whoever drives the rollout: only the first time has an effect. */
function request(state: GroupState, wanted: Extract<GroupInput, { readonly type: 'request' }>): readonly GroupEvent[] {
  const { rolloutId, version, strategy } = wanted;
  if (state.active === rolloutId || state.waiting?.rolloutId === rolloutId || Object.hasOwn(state.dropped, rolloutId))
    return [];
  if (isBlocked(state, version, strategy))
    return [{ type: 'LeaseDropped', rolloutId, reason: blockedReason(state, version) }];
  if (state.active === undefined) return [{ type: 'LeaseGranted', rolloutId, token: state.token + 1 }];
  const dropped: GroupEvent[] =
    state.waiting === undefined
      ? []
      : [{ type: 'LeaseDropped', rolloutId: state.waiting.rolloutId, reason: `superseded by ${rolloutId}` }];
  return [...dropped, { type: 'LeaseQueued', rolloutId, behind: state.active, version, strategy }];
}

const isBlocked = (state: GroupState, version: string, strategy: Strategy): boolean =>
  strategy !== 'rollback' && Object.hasOwn(state.blocked, version);

const blockedReason = (state: GroupState, version: string): string =>
  `version ${version} is blocked in this group: ${state.blocked[version]?.reason ?? ''}`;

function release(state: GroupState, input: Extract<GroupInput, { readonly type: 'release' }>): readonly GroupEvent[] {
  const { rolloutId, outcome, success } = input;
  if (state.waiting?.rolloutId === rolloutId)
    return [{ type: 'LeaseDropped', rolloutId, reason: `ended as ${outcome} before it started` }];
  if (state.active !== rolloutId) return [];
  const succeeded: GroupEvent[] = success === undefined ? [] : [{ type: 'VersionSucceeded', ...success }];
  return [...succeeded, { type: 'LeaseReleased', rolloutId, outcome }, ...grantNext(state)];
}

function grantNext(state: GroupState): readonly GroupEvent[] {
  const next = state.waiting;
  if (next === undefined) return [];
  if (isBlocked(state, next.version, next.strategy))
    return [{ type: 'LeaseDropped', rolloutId: next.rolloutId, reason: blockedReason(state, next.version) }];
  return [{ type: 'LeaseGranted', rolloutId: next.rolloutId, token: state.token + 1 }];
}

/** A group is held in memory by whoever plans and drives its rollouts. */
const MAX_EXCLUDED = 100_000;
const MAX_BLOCKED = 10_000;

/** Codes REASON_NEEDED, TOO_MANY: what a person takes out of service or forbids stays in the history with a reason. */
function command(state: GroupState, said: GroupCommand, reason: string | undefined): readonly GroupEvent[] {
  if (reason === undefined || reason.trim() === '')
    throw new SluiceError('REASON_NEEDED', `${said.type} needs a reason: it stays in the history`);
  switch (said.type) {
    case 'exclude':
      if (Object.hasOwn(state.excluded, said.host)) return [];
      refuseTooMany(state.excluded, MAX_EXCLUDED, 'hosts are excluded: include those that are gone for good');
      return [{ type: 'HostExcluded', host: said.host, reason }];
    case 'include':
      return Object.hasOwn(state.excluded, said.host) ? [{ type: 'HostIncluded', host: said.host, reason }] : [];
    case 'block':
      if (Object.hasOwn(state.blocked, said.version)) return [];
      refuseTooMany(state.blocked, MAX_BLOCKED, 'versions are blocked: unblock those that are long gone');
      return [{ type: 'VersionBlocked', version: said.version, reason }];
    case 'unblock':
      return !Object.hasOwn(state.blocked, said.version)
        ? []
        : [{ type: 'VersionUnblocked', version: said.version, reason }];
    default:
      return unreachable(said, 'group command');
  }
}

/** Code TOO_MANY. */
function refuseTooMany(known: Readonly<Record<string, unknown>>, most: number, words: string): void {
  if (Object.keys(known).length >= most) throw new SluiceError('TOO_MANY', `${most} ${words}`);
}
