import type { RosterEvent, VariableEvent } from '@sluice/contracts';
import type { Actor } from '@sluice/kernel';

import { evolveFleet, evolveVariable } from './evolve.js';
import type { Fleet } from './state.js';

/** One event of the roster's stream or of one variable's, with the time of its commit and who decided it. */
export interface PastEvent {
  readonly event: RosterEvent | VariableEvent;
  readonly at: number;
  readonly by?: Actor;
}

const ROSTER: ReadonlySet<string> = new Set<RosterEvent['type']>([
  'HostsJoined',
  'HostsReturned',
  'HostsMoved',
  'HostsLeft',
  'RosterCheckpointed',
]);

export const isRosterEvent = (event: RosterEvent | VariableEvent): event is RosterEvent => ROSTER.has(event.type);

/** The two streams one behind the other, or in the log's order: in the order of time either way. */
export const inOrder = (past: Iterable<PastEvent>, until: number): readonly PastEvent[] =>
  [...past].filter(({ at }) => at <= until).toSorted((a, b) => a.at - b.at);

/** Folds one event of the past of `variable`. */
export function evolvePast(fleet: Fleet, variable: string, { event, at }: PastEvent): void {
  if (isRosterEvent(event)) evolveFleet(fleet, event);
  else evolveVariable(fleet, variable, event, at);
}
