import type { DeployRequest, Environment, Fault, InventorySource, InventoryUsed } from '@sluice/contracts';
import { formatDuration } from '@sluice/kernel';

import { durationOr, faultList } from './faults.js';

/** How old and how good the inventory is that a plan is to be made from. */
export interface Freshness {
  readonly source: InventorySource;
  readonly version: number;
  /** ms since the epoch: when the source was heard last. */
  readonly fetchedAt: number;
  readonly now: number;
  /** For what comes from a CMDB; by class of environment when absent. */
  readonly maxAgeMs?: number;
  /** Why the source could not be asked just now. */
  readonly trouble?: string;
  /** Why it may be older, in words: the dependency is forced open. */
  readonly leave?: string;
}

/** A CMDB that did not answer for so long is not to be trusted with a rollout any more. */
export const CMDB_MAX_AGE_MS: Readonly<Record<Environment, number>> = { production: 3_600_000, test: 86_400_000 };

export interface JudgedFreshness {
  readonly used?: InventoryUsed;
  readonly faults: readonly Fault[];
}

const SOURCES: Readonly<Record<InventorySource, string>> = {
  file: 'the inventory file',
  api: 'the API',
  heartbeat: 'heartbeats',
  cmdb: 'the CMDB',
};

/**
 * Whether the inventory is fresh enough for a plan (TAR-12). Only what a CMDB told grows old by itself: a file or a
 * command holds until the next one, unless the request says how old it may be. Code: INVENTORY_STALE.
 */
export function judgeFreshness(
  request: DeployRequest,
  environment: Environment,
  freshness: Freshness | undefined,
): JudgedFreshness {
  const list = faultList();
  const asked = request.inventory?.maxAge;
  const wished = durationOr(list, '/inventory/maxAge', asked, 0);
  if (freshness === undefined) return { faults: list.faults };
  const limitMs = asked === undefined ? ownLimit(environment, freshness) : wished;
  const judged = judge(freshness, limitMs, request.inventory?.allowStale);
  if (typeof judged !== 'string') return { used: judged, faults: list.faults };
  list.add(asked === undefined ? '/group' : '/inventory/maxAge', 'INVENTORY_STALE', judged);
  return { faults: list.faults };
}

const ownLimit = (environment: Environment, { source, maxAgeMs }: Freshness): number | undefined =>
  source === 'cmdb' ? (maxAgeMs ?? CMDB_MAX_AGE_MS[environment]) : undefined;

/** What is used, or in words why it must not be. */
function judge(freshness: Freshness, limitMs: number | undefined, wish: string | undefined): InventoryUsed | string {
  const { source, version, fetchedAt, now, trouble } = freshness;
  const ageMs = Math.max(0, now - fetchedAt);
  const used = { source, version, fetchedAt, ageMs };
  if (limitMs === undefined || ageMs <= limitMs) {
    const note =
      trouble === undefined
        ? freshness.leave
        : `${trouble}: what ${SOURCES[source]} said ${ageText(ageMs)} ago is used`;
    return note === undefined ? used : { ...used, note };
  }
  const missed = trouble === undefined ? '' : `${trouble}; `;
  const age = `${missed}what ${SOURCES[source]} said of the group is ${ageText(ageMs)} old, and may be ${ageText(limitMs)}`;
  const leave = wish ?? freshness.leave;
  if (leave !== undefined) return { ...used, note: `${age}: ${leave}` };
  const way = source === 'cmdb' ? 'repair the CMDB, force the dependency cmdb open' : 'define the group again';
  return `${age}: ${way}, or say in inventory.allowStale why it will do`;
}

const UNITS = [
  [172_800_000, 86_400_000],
  [7_200_000, 3_600_000],
  [120_000, 60_000],
  [1_000, 1_000],
] as const;

/** In the largest unit of which there are at least two (or in seconds): an age is read, not computed with. */
export function ageText(ms: number): string {
  const unit = UNITS.find(([from]) => ms >= from)?.[1] ?? 1;
  return formatDuration(Math.floor(ms / unit) * unit);
}
