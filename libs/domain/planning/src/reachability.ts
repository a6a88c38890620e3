import type { MemberEntry, PlanTarget, UnreachableHosts } from '@sluice/contracts';

/** An agent tells of itself every few seconds: one that said nothing for so long is looked after before a rollout. */
const SILENT_AFTER_MS = 30_000;
const MAX_NAMED = 100;

/** Targets whose agent was not heard of for 30 s, or never, in the order of the plan (TRS-19); the first 100 by name. */
export function unreachableOf(
  targets: readonly PlanTarget[],
  members: readonly MemberEntry[],
  now: number,
): { readonly unreachable?: UnreachableHosts } {
  const seen = new Map(members.map(({ host, lastSeen }) => [host, lastSeen]));
  const silent = targets.filter(({ host }) => now - (seen.get(host) ?? Number.NEGATIVE_INFINITY) > SILENT_AFTER_MS);
  if (silent.length === 0) return {};
  return { unreachable: { count: silent.length, hosts: silent.slice(0, MAX_NAMED).map(({ host }) => host) } };
}
