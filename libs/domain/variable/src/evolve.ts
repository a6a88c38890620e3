import type { RosterEvent, VariableEvent } from '@sluice/contracts';
import { SluiceError, unreachable } from '@sluice/kernel';

import { restore } from './checkpoint.js';
import { orderOf } from './hash.js';
import { lineOf } from './line.js';
import { countHost, forgetDerived, noteFlips, recount, roleLine, setSide } from './lines.js';
import { evolveRoster, NO_ROLE, type Roster, roleOf } from './roster.js';
import { type Fleet, newVariable, valueOf, type VariableState } from './state.js';

type EventOf<T extends VariableEvent['type']> = Extract<VariableEvent, { readonly type: T }>;

/** Folds an event of the roster's stream into the fleet that it was given, and all its variables. */
export function evolveFleet(fleet: Fleet, event: RosterEvent): Fleet {
  evolveRoster(fleet.roster, event, (slot, from, to) => {
    for (const variable of fleet.variables.values()) {
      countHost(variable, fleet.roster, slot, { role: from, by: -1 });
      countHost(variable, fleet.roster, slot, { role: to, by: 1 });
    }
  });
  return fleet;
}

/**
 * Folds an event of the stream of the variable `name` into the fleet that it was given. `at`: the commit's time. The two
 * kinds of stream may be folded in any order between them: values and counts come out the same.
 */
export function evolveVariable(fleet: Fleet, name: string, event: VariableEvent, at: number): Fleet {
  const { roster } = fleet;
  if (event.type === 'VariableDefined') define(fleet, event);
  if (event.type === 'VariableCheckpointed') restore(fleet, event);
  const variable = fleet.variables.get(name);
  if (variable === undefined)
    throw new SluiceError('NOT_FOUND', `nothing defined the variable ${name}: read its stream from the beginning`);
  switch (event.type) {
    case 'VariableDefined':
    case 'VariableCheckpointed':
      break;
    case 'ValuesAssigned':
      assign(variable, roster, event, at);
      break;
    case 'HostsPinned':
      for (const slot of event.hosts) pin(variable, roster, slot, { event, at });
      break;
    case 'HostsUnpinned':
      for (const slot of event.hosts) unpin(variable, roster, slot, at);
      break;
    case 'VariableReverted':
      revert(variable, roster, at);
      break;
    default:
      move(variable, event, at);
  }
  return fleet;
}

type Move = Exclude<
  VariableEvent,
  EventOf<
    'VariableDefined' | 'VariableCheckpointed' | 'ValuesAssigned' | 'HostsPinned' | 'HostsUnpinned' | 'VariableReverted'
  >
>;

function move(variable: VariableState, event: Move, at: number): void {
  if (event.type !== 'RampFinishOrdered') variable.spite = 'spite' in event ? event.spite : undefined;
  switch (event.type) {
    case 'RampStarted':
    case 'RampReversed':
      return head(variable, event, at);
    case 'RampResumed':
      variable.phase = variable.direction > 0 ? 'ramping' : 'reversing';
      return run(variable, event.activeMs, at);
    case 'RampFinishOrdered':
      return run(variable, event.activeMs, at);
    case 'RampPaused':
      variable.phase = 'paused';
      return run(variable, event.activeMs, undefined);
    case 'RampStopped':
      run(variable, event.activeMs, undefined);
      variable.phase = 'stopped';
      variable.stopped = event.cause;
      return;
    case 'RampFinished':
      variable.phase = event.side === 'to' ? 'finished' : 'reversed';
      return run(variable, event.side === 'to' ? variable.line.durationMs : 0, undefined);
    default:
      unreachable(event, 'variable event');
  }
}

function run(variable: VariableState, activeMs: number, since: number | undefined): void {
  variable.activeMs = activeMs;
  variable.since = since;
  variable.stopped = undefined;
}

function head(variable: VariableState, event: EventOf<'RampStarted' | 'RampReversed'>, at: number): void {
  variable.phase = event.type === 'RampStarted' ? 'ramping' : 'reversing';
  variable.direction = event.type === 'RampStarted' ? 1 : -1;
  run(variable, event.activeMs, at);
  forgetDerived(variable);
}

function define(fleet: Fleet, { spec, version }: EventOf<'VariableDefined'>): void {
  const known = fleet.variables.get(spec.name);
  const variable = known ?? newVariable(spec, fleet.roster.names.length);
  const goesOn = known !== undefined && known.spec.from === spec.from && known.spec.to === spec.to;
  variable.spec = spec;
  variable.version = version;
  variable.line = lineOf(spec.schedule);
  variable.order = orderOf(spec.name, spec.salt);
  if (variable.phase === 'finished') variable.activeMs = variable.line.durationMs;
  fleet.variables.set(spec.name, variable);
  if (!goesOn) begin(variable, fleet.roster);
  forgetDerived(variable);
}

/** A new pair of values: every host has the first of them. */
function begin(variable: VariableState, roster: Roster): void {
  variable.sides.fill(0);
  variable.phase = 'defined';
  variable.spite = undefined;
  variable.direction = 1;
  run(variable, 0, undefined);
  recount(variable, roster);
}

function assign(variable: VariableState, roster: Roster, event: EventOf<'ValuesAssigned'>, at: number): void {
  const changed = new Map<number, number>();
  for (const slot of event.hosts) {
    const role = roleOf(roster, slot);
    if (setSide(variable, roster, slot, event.side)) changed.set(role, (changed.get(role) ?? 0) + 1);
  }
  // A first value changes nothing on a host.
  if (event.rule === 'ramp') for (const [role, count] of changed) noteFlips(variable, roster, role, { count, at });
}

function revert(variable: VariableState, roster: Roster, at: number): void {
  variable.sides.fill(0);
  for (let role = 0; role < variable.roles.length; role += 1) {
    const line = roleLine(variable, roster, role);
    noteFlips(variable, roster, role, { count: line.to, at });
    line.to = 0;
  }
  variable.phase = 'reverted';
  variable.spite = undefined;
  variable.direction = 1;
  run(variable, 0, undefined);
  forgetDerived(variable);
}

interface Pinning {
  readonly event: EventOf<'HostsPinned'>;
  readonly at: number;
}

function pin(variable: VariableState, roster: Roster, slot: number, { event, at }: Pinning): void {
  const role = roleOf(roster, slot);
  const changes = valueOf(variable, slot) !== event.value;
  countHost(variable, roster, slot, { role, by: -1 });
  variable.pins.set(slot, event.value);
  countHost(variable, roster, slot, { role, by: 1 });
  if (changes && role !== NO_ROLE) noteFlips(variable, roster, role, { count: 1, at });
}

/** It keeps what it has where that is one of the two values, and has the one that it had before its pin otherwise. */
function unpin(variable: VariableState, roster: Roster, slot: number, at: number): void {
  const value = variable.pins.get(slot);
  if (value === undefined) return;
  const role = roleOf(roster, slot);
  countHost(variable, roster, slot, { role, by: -1 });
  if (value === variable.spec.to) setSide(variable, roster, slot, 'to');
  if (value === variable.spec.from) setSide(variable, roster, slot, 'from');
  variable.pins.delete(slot);
  countHost(variable, roster, slot, { role, by: 1 });
  if (valueOf(variable, slot) !== value && role !== NO_ROLE) noteFlips(variable, roster, role, { count: 1, at });
}
