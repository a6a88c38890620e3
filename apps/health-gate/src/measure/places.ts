import type { Stage } from '@sluice/contracts';
import type { Heartbeat, QueryValues } from '@sluice/gating';
import { phaseAt } from '@sluice/rollout';

import type { FleetFacts } from '../facts/fleet-facts.js';
import type { RolloutWatch } from '../watch/rollout-watch.js';
import type { GateRow } from './rows.js';

/** A host with what it runs now because of the rollout. */
export interface NewHost {
  readonly host: string;
  /** When it came through, ms since the epoch. */
  readonly since: number;
  readonly heartbeat: Heartbeat | undefined;
  readonly verifyMs: number | undefined;
}

/** More of them are not looked at one by one. */
const MAX_LOOKED_AT = 10_000;

/** The hosts that have what is judged: of the stage, or before its entry of all earlier ones, or of the new side. */
export function newHosts(watch: RolloutWatch, row: GateRow, facts: FleetFacts): readonly NewHost[] {
  return watch.plan.traffic === undefined ? ofTargets(watch, row, facts) : ofSide(watch, row, facts);
}

function ofTargets(watch: RolloutWatch, { phase, stage }: GateRow, facts: FleetFacts): readonly NewHost[] {
  const { app, group } = watch.plan;
  const range: Stage = phase === 'entry' ? { ...stage, from: 0, to: stage.from } : stage;
  const hosts: NewHost[] = [];
  for (const target of watch.cameThrough(range)) {
    const host = watch.state.targets[target]?.host ?? '';
    const since = watch.cameThroughAt.get(target) ?? 0;
    const heartbeat = facts.latest(host, app, group);
    hosts.push({ host, since, heartbeat, verifyMs: watch.verifyMs.get(target) });
    if (hosts.length >= MAX_LOOKED_AT) break;
  }
  return hosts;
}

function ofSide(watch: RolloutWatch, row: GateRow, facts: FleetFacts): readonly NewHost[] {
  const since = row.since ?? row.openedAt;
  return membersOf(watch, watch.plan.traffic?.newSide ?? '', facts).map(({ host, app, group }) => ({
    ...{ host, since, heartbeat: facts.latest(host, app, group), verifyMs: undefined },
  }));
}

interface Member {
  readonly host: string;
  readonly app: string;
  readonly group: string;
}

/** Hosts of the groups that serve on a side; none where the capacity of sides is no affair of agents. */
function membersOf({ plan }: RolloutWatch, side: string, facts: FleetFacts): readonly Member[] {
  const found: Member[] = [];
  for (const { groups, app = plan.app } of plan.traffic?.services ?? []) {
    const group = groups?.[side];
    if (group === undefined) continue;
    for (const host of facts.membersOf(app, group)) if (found.length < MAX_LOOKED_AT) found.push({ host, app, group });
  }
  return found;
}

/** Those that still run what was before: targets whose turn has not come, or members of the old side. */
function otherHosts(watch: RolloutWatch, facts: FleetFacts): readonly string[] {
  const { traffic } = watch.plan;
  if (traffic !== undefined) return membersOf(watch, traffic.oldSide, facts).map(({ host }) => host);
  const { state } = watch;
  const hosts: string[] = [];
  for (let target = 0; target < state.targets.length && hosts.length < MAX_LOOKED_AT; target += 1) {
    const isUntouched = phaseAt(state, target) === 'pending' && state.attempts[target] === 0;
    const host = state.targets[target]?.host;
    if (isUntouched && host !== undefined && !state.silent.has(target)) hosts.push(host);
  }
  return hosts;
}

/** What the placeholders of queries stand for now. */
export function valuesOf(watch: RolloutWatch, hosts: readonly NewHost[], facts: FleetFacts): QueryValues {
  const { app, group, version, traffic } = watch.plan;
  const sides = traffic === undefined ? {} : { side: traffic.newSide, oldSide: traffic.oldSide };
  return { app, group, version, ...sides, hosts: hosts.map(({ host }) => host), others: otherHosts(watch, facts) };
}
