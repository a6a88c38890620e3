import type { Scalar, Spite, VariableSpec } from '../variables.js';

/**
 * Written by the executor on the roster's stream: which hosts there are, of which role. A host has a number, given once
 * and in order of joining, by which all variables name it; it keeps it when it leaves.
 */
export type RosterEvent =
  /** `names[i]` has the number `from + i`. */
  | { readonly type: 'HostsJoined'; readonly role: string; readonly from: number; readonly names: readonly string[] }
  | { readonly type: 'HostsReturned'; readonly role: string; readonly hosts: readonly number[] }
  | { readonly type: 'HostsMoved'; readonly role: string; readonly hosts: readonly number[] }
  | { readonly type: 'HostsLeft'; readonly hosts: readonly number[]; readonly reason?: string }
  | RosterCheckpoint;

/**
 * All that the events before it say, in `parts` commits, one straight behind the other (from `part` 1 on): so that nobody
 * has to read them who only wants to go on. `roles` follow on those of the part before; `places[i]` is the index of the role
 * of the host with the number `from + i` in all of them, -1 of one that is away.
 */
export interface RosterCheckpoint {
  readonly type: 'RosterCheckpointed';
  readonly part: number;
  readonly parts: number;
  readonly roles: readonly string[];
  readonly from: number;
  readonly names: readonly string[];
  readonly places: readonly number[];
}

/** Which of a variable's two values. */
export type Side = 'from' | 'to';

/** `join`: the first value of a host that came in mid-ramp; a join that is not told of got `from`. */
export type AssignmentRule = 'ramp' | 'join';

/** Why a ramp stopped: who said so, or what was measured. */
export interface StopCause {
  readonly kind: 'command' | 'breach';
  readonly words: string;
  readonly numbers: Readonly<Record<string, number>>;
}

/** How a ramp stands. `reversing` = on its way back to `from`, `reversed` = there. */
export type RampPhase =
  'defined' | 'ramping' | 'paused' | 'stopped' | 'finished' | 'reversing' | 'reversed' | 'reverted';

/** `hosts`: those that were given `to`. `since`: absent while it stands still. `paces`: [at, changes] by role. */
export interface VariableCheckpoint {
  readonly type: 'VariableCheckpointed';
  readonly version: number;
  readonly spec: VariableSpec;
  readonly phase: RampPhase;
  readonly direction: 1 | -1;
  readonly activeMs: number;
  readonly since?: number;
  readonly stopped?: StopCause;
  readonly spite?: Spite;
  readonly hosts: readonly number[];
  readonly pins: readonly { readonly host: number; readonly value: Scalar }[];
  readonly paces: readonly {
    readonly role: string;
    readonly changes: readonly (readonly [at: number, count: number])[];
  }[];
}

/**
 * Written by the executor on a variable's stream. `hosts` are the roster's numbers; `activeMs` is how much of the
 * schedule has passed, so that paused time never counts and no replay depends on when a commit was made.
 */
export type VariableEvent =
  | { readonly type: 'VariableDefined'; readonly version: number; readonly spec: VariableSpec; readonly reason: string }
  | { readonly type: 'RampStarted'; readonly activeMs: number; readonly reason: string; readonly spite?: Spite }
  | { readonly type: 'RampReversed'; readonly activeMs: number; readonly reason: string }
  | { readonly type: 'RampPaused'; readonly activeMs: number; readonly reason: string }
  | { readonly type: 'RampResumed'; readonly activeMs: number; readonly reason: string; readonly spite?: Spite }
  | {
      readonly type: 'RampStopped';
      readonly activeMs: number;
      readonly cause: StopCause;
      readonly reason?: string;
    }
  | { readonly type: 'RampFinishOrdered'; readonly activeMs: number; readonly reason: string }
  /** All that the schedule and the limits let have `side` have it. */
  | {
      readonly type: 'RampFinished';
      readonly side: Side;
      readonly counts: { readonly from: number; readonly to: number; readonly pinned: number };
    }
  /** All hosts have `from`, those that are away included; `count` had `to`. */
  | { readonly type: 'VariableReverted'; readonly count: number; readonly reason: string }
  | { readonly type: 'HostsPinned'; readonly hosts: readonly number[]; readonly value: Scalar; readonly reason: string }
  | { readonly type: 'HostsUnpinned'; readonly hosts: readonly number[]; readonly reason: string }
  /** All that the events before it say, so that nobody has to read them who only wants to go on. */
  | VariableCheckpoint
  /** The flips: from now on these hosts are to have that side. */
  | {
      readonly type: 'ValuesAssigned';
      readonly hosts: readonly number[];
      readonly side: Side;
      readonly rule: AssignmentRule;
    };
