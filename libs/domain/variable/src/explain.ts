import type { VariableEvent } from '@sluice/contracts';
import { SluiceError } from '@sluice/kernel';

import type { BindingRule, Explanation, ExplainQuery, Given, RolePlace } from './explanation.js';
import { fractionAt, wantedOf } from './line.js';
import { capOf, precedes, roleLine } from './lines.js';
import { evolvePast, inOrder, isRosterEvent, type PastEvent } from './past.js';
import { membersOf, NO_ROLE, type Roster, roleOf } from './roster.js';
import { activeAt, type Fleet, initialFleet, onLine, sideOf, valueOf, type VariableState } from './state.js';
import { wordsOf } from './words.js';

type GivenBy = 'join' | 'ramp' | 'defined' | 'revert' | 'pin' | 'unpin';

interface Trace {
  given: Given;
  kind: GivenBy;
}

/**
 * Why the host was to have what it was to have at `at`, from the events alone (TSU-08). `past`: the roster's stream and
 * the variable's. Codes: NOT_FOUND (no such variable then), UNKNOWN_HOST (nobody had heard of it then).
 */
export function explain(past: Iterable<PastEvent>, query: ExplainQuery): Explanation {
  const fleet = initialFleet();
  let trace: Trace = { given: { at: query.at, fraction: 0 }, kind: 'defined' };
  for (const entry of inOrder(past, query.at)) {
    const before = fleet.variables.get(query.variable);
    const fraction = before === undefined ? 0 : fractionAt(before.line, activeAt(before, entry.at));
    evolvePast(fleet, query.variable, entry);
    const kind = touches(fleet, query, entry);
    if (kind !== undefined) trace = { kind, given: givenBy(entry, fraction) };
  }
  const variable = fleet.variables.get(query.variable);
  const slot = fleet.roster.slotOf.get(query.host);
  if (variable === undefined)
    throw new SluiceError('NOT_FOUND', `there was no variable ${query.variable} then: ask for a later time`);
  if (slot === undefined)
    throw new SluiceError('UNKNOWN_HOST', `nobody had heard of ${query.host} then: ask for a later time`);
  return explained(fleet.roster, variable, { slot, trace, query });
}

function givenBy({ event, at, by }: PastEvent, fraction: number): Given {
  const reason = 'reason' in event ? event.reason : undefined;
  return { at, fraction, ...(by === undefined ? {} : { by }), ...(reason === undefined ? {} : { reason }) };
}

/** Whether an event says what the host is to have. */
function touches(
  { roster, variables }: Fleet,
  { variable, host }: ExplainQuery,
  { event }: PastEvent,
): GivenBy | undefined {
  const slot = roster.slotOf.get(host);
  if (isRosterEvent(event)) {
    const joins = event.type === 'HostsJoined' && event.names.includes(host);
    return joins && variables.has(variable) ? 'join' : undefined;
  }
  return slot === undefined ? undefined : touchesSlot(event, slot, variables.get(variable));
}

function touchesSlot(event: VariableEvent, slot: number, variable: VariableState | undefined): GivenBy | undefined {
  switch (event.type) {
    case 'VariableDefined':
      // New limits give nobody another value; a new pair of values does.
      return variable?.phase === 'defined' ? 'defined' : undefined;
    case 'VariableReverted':
      return 'revert';
    case 'ValuesAssigned':
      return event.hosts.includes(slot) ? event.rule : undefined;
    case 'HostsPinned':
      return event.hosts.includes(slot) ? 'pin' : undefined;
    case 'HostsUnpinned':
      return event.hosts.includes(slot) ? 'unpin' : undefined;
    default:
      return undefined;
  }
}

interface Found {
  readonly slot: number;
  readonly trace: Trace;
  readonly query: ExplainQuery;
}

function explained(roster: Roster, variable: VariableState, { slot, trace, query }: Found): Explanation {
  const fraction = fractionAt(variable.line, activeAt(variable, query.at));
  const role = placeOf(roster, variable, slot, fraction);
  const facts = {
    host: query.host,
    variable: query.variable,
    at: query.at,
    value: valueOf(variable, slot),
    version: variable.version,
    rule: ruleOf(variable, { slot, role, kind: trace.kind }),
    given: trace.given,
    fraction,
    role,
  };
  return { ...facts, words: wordsOf(facts, variable) };
}

function placeOf(roster: Roster, variable: VariableState, slot: number, fraction: number): RolePlace | undefined {
  const index = roleOf(roster, slot);
  if (index === NO_ROLE) return undefined;
  const { n, to, phase } = roleLine(variable, roster, index);
  let rank = 1;
  for (const other of membersOf(roster, index))
    if (!variable.pins.has(other) && other !== slot && precedes(variable, roster, other, slot)) rank += 1;
  const asked = wantedOf(fraction, n, phase);
  return { name: roster.roles[index] ?? '', rank, hosts: n, to, asked, limit: capOf(variable, roster, index) };
}

interface Bound {
  readonly slot: number;
  readonly role: RolePlace | undefined;
  readonly kind: GivenBy;
}

function ruleOf(variable: VariableState, { slot, role, kind }: Bound): BindingRule {
  if (variable.pins.has(slot)) return 'pin';
  if (role === undefined) return 'away';
  if (sideOf(variable, slot) === 'to') return kind === 'join' ? 'join' : kind === 'unpin' ? 'pin' : 'ramp';
  if (kind === 'revert') return 'revert';
  if (kind === 'ramp') return 'reverse';
  return onLine(variable) ? onItsLine(role, kind) : offLine(variable);
}

function onItsLine({ asked, limit, to }: RolePlace, kind: GivenBy): BindingRule {
  if (asked > limit && to >= limit) return 'limit';
  if (Math.min(asked, limit) > to) return 'pace';
  return kind === 'join' ? 'join' : 'ramp';
}

function offLine({ phase }: VariableState): BindingRule {
  if (phase === 'paused') return 'pause';
  return phase === 'stopped' ? 'stop' : phase === 'reverted' ? 'revert' : 'before';
}
