import type { Drift, FoundDrift, PlanTarget } from '@sluice/contracts';
import type { EventLog } from '@sluice/event-log';

import { planStreamOf } from './plan-streams.js';
import type { GroupFacts } from './ports.js';

const MAX_NAMED = 100;

/**
 * Hosts that run what no rollout brought to the group (XIM-08): neither its last success nor a rollout since, however
 * that ended. Nothing where the group has no success to compare with. It is told, and keeps nobody from rolling out.
 */
export async function driftOf(
  targets: readonly PlanTarget[],
  { history, since = [] }: GroupFacts,
  log: EventLog,
): Promise<{ readonly drift?: FoundDrift }> {
  const recorded = history.at(-1)?.version;
  const odd = targets.filter(({ from }) => from !== undefined && from !== recorded);
  if (recorded === undefined || odd.length === 0) return {};
  const brought = await versionsOf(since, log);
  const hosts = odd.flatMap(({ host, from }): Drift[] =>
    from === undefined || brought.has(from) ? [] : [{ host, recorded, running: from }],
  );
  return hosts.length === 0 ? {} : { drift: { count: hosts.length, hosts: hosts.slice(0, MAX_NAMED) } };
}

async function versionsOf(rollouts: readonly string[], log: EventLog): Promise<ReadonlySet<string>> {
  const versions = new Set<string>();
  for (const id of rollouts) {
    const seal = (await log.last(planStreamOf(id)))?.events.at(-1);
    if (seal?.type === 'RolloutPlanned') versions.add(seal.plan.version);
  }
  return versions;
}
