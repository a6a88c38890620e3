import type { Fault, GroupEntry, InventoryRecord } from '@sluice/contracts';
import type { Freshness } from '@sluice/planning';

import type { PlannerDeps, Synced } from './ports.js';

/** What came of asking for a group, before its plan. */
export interface Refreshed extends Synced {
  /** Why nobody was asked, in words. */
  readonly leave?: string;
}

const DEPENDENCY = 'cmdb';

/** Before each rollout (TAR-09), and before each preview, the group is fetched: unless the CMDB is forced open. */
export async function refresh(
  group: string,
  { cmdb, dependencies }: Pick<PlannerDeps, 'cmdb' | 'dependencies'>,
): Promise<Refreshed> {
  const leave = await dependencies?.mayUseStale(DEPENDENCY);
  if (leave !== undefined) return { leave };
  return (await cmdb?.sync(group)) ?? {};
}

export function freshnessOf(
  { source, version, fetchedAt }: InventoryRecord<GroupEntry>,
  refreshed: Refreshed,
  { clock, maxAgeMs }: PlannerDeps,
): Freshness {
  const limit = maxAgeMs === undefined ? {} : { maxAgeMs };
  return { source, version, fetchedAt, now: clock.now(), ...limit, ...refreshed };
}

/** A group that nobody has heard of may be one that the CMDB knows. */
export function missedFaults({ trouble }: Refreshed): readonly Fault[] {
  if (trouble === undefined) return [];
  const message = `${trouble}: send the request again when it answers, or define the group in the inventory`;
  return [{ path: '/group', code: 'CMDB_UNAVAILABLE', message }];
}
