import type { BehindMembers, RolloutEvent, SeenMember } from '@sluice/contracts';

import { isTerminal, isUnderWay, type RolloutState, phaseAt, planOf } from '../state.js';
import { takesMembers } from './members.js';

/** Members that are kept as joined in mid-rollout, and those that the end names. */
const MAX_JOINED = 10_000;
const MAX_NAMED = 100;
/** Targets of one event at the most: the rest follows when heartbeats are looked at again. */
const MAX_TOLD = 50_000;

/** Hosts that served and went silent: lost from now on (MOM-12). Those in a step have their deadline already. */
export function decideSilent(state: RolloutState, targets: readonly number[], now: number): readonly RolloutEvent[] {
  if (!isUnderWay(state)) return [];
  const gone = targets.filter((target) => mayGoSilent(state, target)).slice(0, MAX_TOLD);
  if (gone.length === 0) return [];
  return [{ type: 'TargetsSilent', targets: gone, deadline: now + planOf(state).attemptDeadlineMs }];
}

export function decideHeard(state: RolloutState, targets: readonly number[]): readonly RolloutEvent[] {
  const heard = isTerminal(state.status) ? [] : targets.filter((target) => state.silent.has(target));
  return heard.length === 0 ? [] : [{ type: 'TargetsHeard', targets: heard.slice(0, MAX_TOLD) }];
}

/** Members that joined after the plan was made. Each gets its version by an event, so nobody has to guess (STR-08). */
export function decideSeen(state: RolloutState, seen: readonly SeenMember[]): readonly RolloutEvent[] {
  if (!isUnderWay(state) || !takesMembers(state)) return [];
  const known = new Set(state.targets.map(({ host }) => host));
  const news = seen.filter(({ host, running }) => !known.has(host) && state.joined.get(host) !== running);
  const room = MAX_JOINED - state.joined.size;
  let added = 0;
  const members = news.filter(({ host }) => state.joined.has(host) || (added += 1) <= room);
  return members.length === 0 ? [] : [{ type: 'MembersJoined', members }];
}

/** It serves as far as anybody knows, and nobody waits for it. */
export function mayGoSilent(state: RolloutState, target: number): boolean {
  if (state.out[target] !== 0 || state.open.has(target) || state.silent.has(target)) return false;
  return ['pending', 'done', 'skipped', 'failed'].includes(phaseAt(state, target));
}

/** What an end event says of members that joined and do not run the version. */
export function behindOf(state: RolloutState): { readonly behind?: BehindMembers } {
  const members: SeenMember[] = [];
  let count = 0;
  for (const [host, running] of state.joined) {
    if (running === planOf(state).version) continue;
    count += 1;
    if (members.length < MAX_NAMED) members.push({ host, running });
  }
  return count === 0 ? {} : { behind: { count, members } };
}
