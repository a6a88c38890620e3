import { targetsOf } from '@sluice/rollout';
import { nameOf, type Roster, roleOf, valueOf } from '@sluice/variable';

import { rolloutDetail } from '../read-model/rollout-views.js';
import type { Comparable, Table } from './diff.js';
import type { GroupThen } from './groups-past.js';
import type { RolloutThen } from './rollouts-past.js';
import { variableDetailThen } from './variable-view.js';
import type { VariableThen } from './variables-past.js';

export const tableOf = (rows: ReadonlyMap<string, unknown>): Table => ({
  keys: () => rows.keys(),
  has: (key) => rows.has(key),
  row: (key) => rows.get(key),
});

function without<T extends object, K extends keyof T & string>(value: T, ...keys: readonly K[]): Omit<T, K> {
  const left: ReadonlySet<string> = new Set(keys);
  return Object.fromEntries(Object.entries(value).filter(([key]) => !left.has(key))) as Omit<T, K>;
}

/** A rollout but its plan, which says the same at any time, and a row for each target by its host. */
export function comparableRollout({ state, rev, label }: RolloutThen): Comparable {
  const places = new Map(state.targets.map(({ host }, index) => [host, index]));
  const row = (host: string): unknown => {
    const index = places.get(host);
    const [target] = index === undefined ? [] : targetsOf(state, index, index + 1);
    return target === undefined ? undefined : without(target, 'index', 'host');
  };
  return {
    facts: { ...without(rolloutDetail({ state, rev }), 'id', 'rev', 'plan', 'batches'), label },
    tables: { hosts: { keys: () => places.keys(), has: (host) => places.has(host), row } },
  };
}

export function comparableGroup({ app, environment, state, hosts }: GroupThen): Comparable {
  const { token, active, waiting, excluded, blocked, history } = state;
  return {
    facts: { app, environment, token, active, waiting },
    tables: {
      excluded: tableOf(new Map(Object.entries(excluded))),
      blocked: tableOf(new Map(Object.entries(blocked))),
      succeeded: tableOf(new Map(history.map((success) => [success.rolloutId, without(success, 'rolloutId')]))),
      hosts: hostsTable(hosts),
    },
  };
}

function hostsTable(hosts: GroupThen['hosts']): Table {
  const known = new Map(hosts.map((told) => [told.host, told]));
  const row = (host: string): unknown => {
    const told = known.get(host);
    return told === undefined ? undefined : without(told, 'host');
  };
  return { keys: () => known.keys(), has: (host) => known.has(host), row };
}

/** A variable, and what each host that was there was to have. */
export function comparableVariable(then: VariableThen): Comparable {
  const { roster } = then.state;
  const detail = variableDetailThen(then);
  const roles = new Map(detail.roles.map((role) => [role.role, without(role, 'role')]));
  const roleNow = (host: string): number => roleOf(roster, roster.slotOf.get(host) ?? -1);
  const row = (host: string): unknown => {
    const slot = roster.slotOf.get(host);
    if (slot === undefined || roleNow(host) < 0) return undefined;
    const { variable } = then;
    return { role: roster.roles[roleNow(host)], value: valueOf(variable, slot), pinned: variable.pins.has(slot) };
  };
  return {
    facts: without(detail, 'fleet', 'name', 'rev', 'roles', 'pins', 'reported', 'at', 'notInLog'),
    tables: { roles: tableOf(roles), hosts: { keys: () => presentIn(roster), has: (host) => roleNow(host) >= 0, row } },
  };
}

function* presentIn(roster: Roster): Generator<string> {
  for (let slot = 0; slot < roster.names.length; slot += 1) if (roleOf(roster, slot) >= 0) yield nameOf(roster, slot);
}
