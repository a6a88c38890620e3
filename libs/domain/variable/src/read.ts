import type { RampPhase, Scalar } from '@sluice/contracts';

import { fractionAt } from './line.js';
import { capOf, roleLine } from './lines.js';
import { NO_ROLE, type Roster, roleOf } from './roster.js';
import { activeAt, type Fleet, valueOf, type VariableState } from './state.js';

/** All that a host is to have, one scalar for each variable: the body of its answer. Undefined for an unknown host. */
export function desiredStateOf(fleet: Fleet, host: string): Readonly<Record<string, Scalar>> | undefined {
  const slot = fleet.roster.slotOf.get(host);
  if (slot === undefined) return undefined;
  const state: Record<string, Scalar> = {};
  for (const [name, variable] of fleet.variables) state[name] = valueOf(variable, slot);
  return state;
}

/** Hosts that are here by what they are to have; `other`: pinned to a third value. The three are all hosts. */
export interface Counts {
  readonly from: number;
  readonly to: number;
  readonly other: number;
}

/** Counts of one role, or of all. */
export function countsOf(variable: VariableState, roster: Roster, role?: number): Counts {
  let [from, to, other] = [0, 0, 0];
  const roles = role === undefined ? variable.roles : [roleLine(variable, roster, role)];
  for (const line of roles) {
    from += line.n - line.to;
    to += line.to;
  }
  for (const [slot, value] of variable.pins) {
    const at = roleOf(roster, slot);
    if (at === NO_ROLE || (role !== undefined && at !== role)) continue;
    if (value === variable.spec.to) to += 1;
    else if (value === variable.spec.from) from += 1;
    else other += 1;
  }
  return { from, to, other };
}

/** `limit`: the most hosts that may have `to`, pinned ones apart. */
export interface RoleStatus extends Counts {
  readonly role: string;
  readonly hosts: number;
  readonly limit: number;
}

export interface VariableStatus extends Counts {
  readonly name: string;
  readonly version: number;
  readonly phase: RampPhase;
  /** Of the schedule, 0 to 1. */
  readonly fraction: number;
  readonly activeMs: number;
  readonly durationMs: number;
  readonly roles: readonly RoleStatus[];
}

/** A variable as people look at it. Costs the number of roles. */
export function statusOf({ roster }: Fleet, variable: VariableState, now: number): VariableStatus {
  const activeMs = activeAt(variable, now);
  return {
    name: variable.spec.name,
    version: variable.version,
    phase: variable.phase,
    fraction: fractionAt(variable.line, activeMs),
    activeMs,
    durationMs: variable.line.durationMs,
    ...countsOf(variable, roster),
    roles: roster.roles.map((role, i) => ({
      role,
      hosts: roster.members[i]?.length ?? 0,
      limit: capOf(variable, roster, i),
      ...countsOf(variable, roster, i),
    })),
  };
}
