import type { RampPhase, Scalar, Side, Spite, StopCause, VariableSpec } from '@sluice/contracts';

import { type DueHeap, emptyDue } from './due-heap.js';
import { type NameHash, orderOf } from './hash.js';
import { type Line, lineOf } from './line.js';
import type { Pace } from './pace.js';
import { initialRoster, type Roster } from './roster.js';
import type { SlotHeap } from './slot-heap.js';

/** Where a ramp goes: 1 to `to`, -1 back to `from`. */
export type Direction = 1 | -1;

/** One role of one variable. Hosts that are pinned are not of `n` and `to`. */
export interface RoleLine {
  n: number;
  /** How many of the n have `to`. */
  to: number;
  pinned: number;
  /** How many are pinned to `to`: they count against the limit. */
  pinnedTo: number;
  readonly phase: number;
  readonly pace: Pace;
  /** Who flips next; made when somebody is to. */
  queue: SlotHeap | undefined;
}

/** A variable, folded from its stream and the roster's. Updated in place: whoever holds the fleet owns it. */
export interface VariableState {
  spec: VariableSpec;
  version: number;
  line: Line;
  order: NameHash;
  /**
   * `finished` and `reversed` are still on their line: a host that comes back or moves to another role is brought to
   * it. `paused` and `stopped` are off it: nothing changes but by a command.
   */
  phase: RampPhase;
  direction: Direction;
  /** Active time of the schedule at `since`; `since` is undefined while it stands still. */
  activeMs: number;
  since: number | undefined;
  /** What stopped it, while it is stopped. */
  stopped: StopCause | undefined;
  /** The freezes in spite of which it goes on. */
  spite: Spite | undefined;
  /** By slot: 1 when the host was given `to`. Hosts that left keep theirs. */
  sides: Uint8Array;
  readonly pins: Map<number, Scalar>;
  readonly roles: RoleLine[];
  /** Roles by the progress at which their next host flips. Derived. */
  readonly due: DueHeap;
  /** Roles that wait for room in their window, by the time at which there is some. Derived. */
  readonly waiting: DueHeap;
  /** Roles whose next flip has to be worked out anew. Derived. */
  readonly stale: Set<number>;
}

/** The hosts and all variables that they are given. */
export interface Fleet {
  readonly roster: Roster;
  readonly variables: Map<string, VariableState>;
}

export const initialFleet = (): Fleet => ({ roster: initialRoster(), variables: new Map() });

export const newVariable = (spec: VariableSpec, hosts: number): VariableState => ({
  spec,
  version: 0,
  line: lineOf(spec.schedule),
  order: orderOf(spec.name, spec.salt),
  phase: 'defined',
  direction: 1,
  activeMs: 0,
  since: undefined,
  stopped: undefined,
  spite: undefined,
  sides: new Uint8Array(Math.max(64, hosts)),
  pins: new Map(),
  roles: [],
  due: emptyDue(),
  waiting: emptyDue(),
  stale: new Set(),
});

export const sideOf = (variable: VariableState, slot: number): Side => (variable.sides[slot] === 1 ? 'to' : 'from');

/** What a host is to have. */
export const valueOf = (variable: VariableState, slot: number): Scalar =>
  variable.pins.get(slot) ?? variable.spec[sideOf(variable, slot)];

/** Active time at `now`, within the schedule. */
export function activeAt(variable: VariableState, now: number): number {
  const { activeMs, since, direction, line } = variable;
  if (since === undefined) return activeMs;
  return Math.min(line.durationMs, Math.max(0, activeMs + direction * Math.max(0, now - since)));
}

/** True while the line binds: newcomers share in it, and the ramp makes up for what is missing. */
export const onLine = ({ phase }: VariableState): boolean =>
  phase === 'ramping' || phase === 'reversing' || phase === 'finished' || phase === 'reversed';
