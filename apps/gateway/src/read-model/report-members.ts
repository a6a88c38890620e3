import { type Drift, shardOfId } from '@sluice/contracts';
import { phaseAt, planOf, type RolloutState } from '@sluice/rollout';

import type { LogReader } from './rollout-loader.js';

/** A member of the group that is not at the rollout's version. */
export interface MemberNotThere {
  readonly host: string;
  /** Where its target stands; `joined`: it came in mid-rollout and is no target (STR-08). */
  readonly why: string;
  /** What it runs, where the log says so. */
  readonly running: string | null;
}

export interface NotAtVersion {
  readonly count: number;
  /** The first of them. */
  readonly hosts: readonly MemberNotThere[];
}

const MAX_NAMED = 100;

/** Targets that did not come through, and members that joined and run another version. Who left the group is none. */
export function notAtVersion(state: RolloutState): NotAtVersion {
  const hosts: MemberNotThere[] = [];
  let count = 0;
  const note = (member: MemberNotThere): void => {
    count += 1;
    if (hosts.length < MAX_NAMED) hosts.push(member);
  };
  state.targets.forEach(({ host, from }, target) => {
    const why = phaseAt(state, target);
    if (why === 'done' || why === 'skipped' || state.left.has(target)) return;
    note({ host, why, running: why === 'pending' || why === 'untouched' ? (from ?? null) : null });
  });
  for (const [host, running] of state.joined)
    if (running !== planOf(state).version) note({ host, why: 'joined', running });
  return { count, hosts };
}

/** Versions that somebody changed past the system while it ran (XIM-08): the first of them. */
export async function driftsOf(log: LogReader, id: string): Promise<readonly Drift[]> {
  const shard = shardOfId(id);
  const drifts: Drift[] = [];
  if (shard === undefined) return drifts;
  for await (const { events } of log.read({ shard, writer: 'gate', id }))
    for (const event of events) if (event.type === 'DriftSeen') drifts.push(...event.drifts.slice(0, MAX_NAMED));
  return drifts.slice(0, MAX_NAMED);
}
