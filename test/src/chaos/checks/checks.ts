import { Invariants } from '@sluice/audit';
import { isNotable, noticeId } from '@sluice/notification';

import { notifications } from '../../e2e/support/notices.js';
import type { Operator } from '../operator.js';
import type { World } from '../world.js';
import { deedsOf } from './journals.js';
import { brokenChains, eventsOf, type Recorded, readLog } from './recorded-log.js';

/** What was found at the end, and what is wrong with it. */
export interface Findings {
  readonly violations: readonly string[];
  readonly counts: Readonly<Record<string, number>>;
}

const NOTICES_MS = 60_000;

/** Everything that must hold when nothing is under way any more. */
export async function check(world: World, operators: readonly Operator[]): Promise<Findings> {
  const untold = await allTold(world);
  const log = await readLog(world.site.nats);
  const deeds = deedsOf(world, log);
  const invariants = judged(log);
  const violations = [
    ...world.deaths,
    ...brokenChains(log),
    ...invariants.violations.map(({ invariant, what, position }) => `${invariant} at position ${position}: ${what}`),
    ...notEnded(invariants),
    ...deeds.faults,
    ...lostCommands(log, operators),
    ...lostRequests(log, operators),
    ...untold,
  ];
  return {
    violations,
    counts: { ...countsOf(log), runs: deeds.runs, 'steps done': deeds.steps, 'starts given up': world.gaveUp.length },
  };
}

/** The simulator's outsider reads the recorded log: order, budget, brake, approvals, leases (design 7). */
function judged(log: readonly Recorded[]): Invariants {
  const invariants = new Invariants();
  for (const { stream, position, hash, commit } of log) {
    const { id, at, rev, events, meta } = commit;
    const drafted = events.flatMap((event, i) => {
      const said = meta[i];
      return said === undefined ? [] : [{ event, meta: said }];
    });
    invariants.apply({ stream, draft: { id, at, events: drafted }, head: { rev, hash, position, at } });
  }
  return invariants;
}

function notEnded({ rollouts }: Invariants): string[] {
  return [...rollouts.values()].flatMap(({ id, status }) =>
    status === 'ended' ? [] : [`${id} did not end: it is ${status}`],
  );
}

/** What the API said was done stands in the log, an approval above all. */
function lostCommands(log: readonly Recorded[], operators: readonly Operator[]): string[] {
  const causes = new Set(log.flatMap(({ commit }) => commit.meta.map(({ cause }) => cause)));
  return operators.flatMap(({ acknowledged }) =>
    acknowledged.flatMap(({ key, rollout, command }) =>
      causes.has(`command:${key}`)
        ? []
        : [`the command ${command} (${key}) of ${rollout} was acknowledged and is lost`],
    ),
  );
}

function lostRequests(log: readonly Recorded[], operators: readonly Operator[]): string[] {
  const planned = new Map<string, number>();
  for (const { event } of eventsOf(log))
    if (event.type === 'RolloutPlanned')
      planned.set(event.plan.requestId, (planned.get(event.plan.requestId) ?? 0) + 1);
  const twice = [...planned].filter(([, times]) => times > 1).map(([id]) => `the request ${id} was planned twice`);
  const known = new Set(log.filter(({ stream }) => stream.writer === 'plan').map(({ stream }) => stream.id));
  const lost = operators.flatMap(({ requested }) => [...requested].filter((id) => !known.has(id)));
  return [...twice, ...lost.map((id) => `${id} was said to be planned and is lost`)];
}

/** Every notable event of the log was told on the stream of notifications exactly once, and nothing else was. */
async function allTold({ site }: World): Promise<string[]> {
  for (const end = Date.now() + NOTICES_MS; ;) {
    const log = await readLog(site.nats);
    const wanted = new Set(
      [...eventsOf(log)].flatMap(({ event, commit, index }) => (isNotable(event) ? [noticeId(commit.id, index)] : [])),
    );
    const told = await notifications(site.nats);
    const seen = new Set(told.map(({ id }) => id));
    const missing = [...wanted].filter((id) => !seen.has(id));
    if (missing.length > 0 && Date.now() < end) continue;
    return [
      ...missing.map((id) => `the notification ${id} was never told`),
      ...[...seen].filter((id) => !wanted.has(id)).map((id) => `the notification ${id} tells of nothing in the log`),
      ...(told.length === seen.size ? [] : [`${told.length - seen.size} notifications were told twice`]),
    ];
  }
}

const COUNTED: Readonly<Record<string, string>> = {
  RolloutPlanned: 'rollouts planned',
  RolloutSucceeded: 'rollouts succeeded',
  RolloutCancelled: 'rollouts cancelled',
  RolloutClosed: 'rollouts closed',
  ApprovalGranted: 'approvals',
  RolloutBraked: 'brakes',
  RetryOrdered: 'retries',
  RollbackRequested: 'rollbacks',
  RolloutPaused: 'pauses',
  TargetUnknown: 'targets unknown for a while',
  NoticeDelivered: 'notifications',
};

function countsOf(log: readonly Recorded[]): Record<string, number> {
  const counts: Record<string, number> = { commits: log.length };
  for (const { event } of eventsOf(log)) {
    const name = COUNTED[event.type];
    if (name !== undefined) counts[name] = (counts[name] ?? 0) + 1;
  }
  return counts;
}
