import type { RampPhase, StopCause, VariableCommandType, VariableSpec } from '@sluice/contracts';
import {
  type Counts,
  nameOf,
  nextFlipAt,
  type RoleStatus,
  roleOf,
  statusOf,
  variableActions,
  type VariableState,
} from '@sluice/variable';

import type { FleetView } from './fleet-view.js';

/** A variable as lists show it. Times and durations in ms. */
export interface VariableSummary {
  readonly fleet: string;
  readonly name: string;
  /** Of its stream; also the ETag. */
  readonly rev: number;
  readonly version: number;
  readonly phase: RampPhase;
  /** Of the schedule, 0 to 1. */
  readonly fraction: number;
  readonly counts: Counts;
  readonly spec: VariableSpec;
  readonly actions: readonly VariableCommandType[];
}

/** What the hosts say that they have: the same as they are to have, something else, or nothing of it. */
export interface Reported {
  readonly same: number;
  readonly other: number;
  readonly silent: number;
}

export interface VariableDetail extends VariableSummary {
  readonly activeMs: number;
  readonly durationMs: number;
  /** When the next host changes, unless something else happens first; null while nothing comes by itself. */
  readonly nextAt: number | null;
  readonly stopped: StopCause | null;
  readonly roles: readonly RoleStatus[];
  readonly pins: readonly { readonly host: string; readonly value: string | number | boolean }[];
  readonly reported: Reported;
}

const MAX_PINS_TOLD = 1_000;

export function summaryOf(view: FleetView, variable: VariableState, now: number): VariableSummary {
  const { roles: _, ...summary } = factsOf(view, variable, now);
  return {
    fleet: summary.fleet,
    name: summary.name,
    rev: summary.rev,
    version: summary.version,
    phase: summary.phase,
    fraction: summary.fraction,
    counts: summary.counts,
    spec: summary.spec,
    actions: summary.actions,
  };
}

/** Costs the hosts of the fleet, for what they report. */
export function detailOf(view: FleetView, variable: VariableState, now: number): VariableDetail {
  const { roster } = view.state;
  return {
    ...factsOf(view, variable, now),
    nextAt: nextFlipAt(variable, roster) ?? null,
    stopped: variable.stopped ?? null,
    pins: Array.from(variable.pins, ([slot, value]) => ({ host: nameOf(roster, slot), value })).slice(0, MAX_PINS_TOLD),
    reported: reportedOf(view, variable),
  };
}

function factsOf(view: FleetView, variable: VariableState, now: number) {
  const { from, to, other, ...status } = statusOf(view.state, variable, now);
  return {
    ...status,
    fleet: view.name,
    rev: view.revOf(status.name),
    counts: { from, to, other },
    spec: variable.spec,
    actions: variableActions(variable),
  };
}

function reportedOf(view: FleetView, variable: VariableState): Reported {
  const { roster } = view.state;
  const { name } = variable.spec;
  const reported = { same: 0, other: 0, silent: 0 };
  for (let slot = 0; slot < roster.names.length; slot += 1) {
    if (roleOf(roster, slot) < 0) continue;
    const actual = view.actuals.of(slot)?.[name];
    if (actual === undefined) reported.silent += 1;
    else if (actual === view.wantedOf(slot, variable)) reported.same += 1;
    else reported.other += 1;
  }
  return reported;
}

/** As the API tells them. */
export type { Explanation as VariableExplanation, Series as VariableSeries } from '@sluice/variable';
