import type { VariableCheckpoint } from '@sluice/contracts';

import { orderOf } from './hash.js';
import { lineOf } from './line.js';
import { forgetDerived, recount, roleLine } from './lines.js';
import { type Roster } from './roster.js';
import { type Fleet, newVariable, type VariableState } from './state.js';

/** Well below the 512 KiB of a commit. Hosts alone are 17 KB of 100,000, and 175 KB of a million. */
const MAX_CHARACTERS = 400_000;
const CHARACTERS_A_HOST = 1 / 6;

/**
 * All that a variable's stream says so far, in one event: a process that starts reads the last one and what is behind
 * it. Undefined when so many pins and paces are kept that it would not fit a commit: the stream is read as it is then.
 */
export function checkpointOf(variable: VariableState, roster: Roster): VariableCheckpoint | undefined {
  const { version, spec, phase, direction, activeMs, since, stopped, spite } = variable;
  const hosts: number[] = [];
  variable.sides.forEach((side, slot) => {
    if (side === 1) hosts.push(slot);
  });
  const rest = {
    type: 'VariableCheckpointed',
    version,
    spec,
    phase,
    direction,
    activeMs,
    ...(since === undefined ? {} : { since }),
    ...(stopped === undefined ? {} : { stopped }),
    ...(spite === undefined ? {} : { spite }),
    pins: Array.from(variable.pins, ([host, value]) => ({ host, value })),
    paces: variable.roles.flatMap(({ pace }, role) =>
      pace.length === 0
        ? []
        : [{ role: roster.roles[role] ?? '', changes: pace.map(({ at, count }) => [at, count] as const) }],
    ),
  } as const;
  const size = JSON.stringify(rest).length + roster.names.length * CHARACTERS_A_HOST;
  return size > MAX_CHARACTERS ? undefined : { ...rest, hosts };
}

/** Takes a checkpoint for all that was before it. The roster is folded up to it, or paces of roles to come are lost. */
export function restore(fleet: Fleet, event: VariableCheckpoint): void {
  const { roster } = fleet;
  const { spec, version, phase, direction, activeMs, since, stopped, spite } = event;
  const variable = fleet.variables.get(spec.name) ?? newVariable(spec, roster.names.length);
  const line = lineOf(spec.schedule);
  const order = orderOf(spec.name, spec.salt);
  Object.assign(variable, { spec, version, phase, direction, activeMs, since, stopped, spite, line, order });
  const last = event.hosts.at(-1) ?? -1;
  variable.sides = new Uint8Array(Math.max(variable.sides.length, last + 1));
  for (const slot of event.hosts) variable.sides[slot] = 1;
  variable.pins.clear();
  for (const { host, value } of event.pins) variable.pins.set(host, value);
  for (const { role, changes } of event.paces) {
    const index = roster.roleIndex.get(role);
    if (index === undefined) continue;
    const { pace } = roleLine(variable, roster, index);
    pace.splice(0, pace.length, ...changes.map(([at, count]) => ({ at, count })));
  }
  fleet.variables.set(spec.name, variable);
  recount(variable, roster);
  forgetDerived(variable);
}
