import type { DurationText } from './artifact.js';

/** What a variable may be set to. The desired state of a host is a flat object of these. */
export type Scalar = string | number | boolean;
export type ScalarType = 'string' | 'number' | 'boolean';

/**
 * How much of each role has the new value after so much active time (paused time does not count). `points` are
 * [ms from the start, fraction of 0..1], joined by straight lines; the line begins at [0, 0] unless the first point is
 * at 0, and the last point has fraction 1.
 */
export type VariableSchedule =
  | { readonly kind: 'linear'; readonly durationMs: number }
  | { readonly kind: 'points'; readonly points: readonly (readonly [ms: number, fraction: number])[] };

/**
 * Of n hosts of a role at most max(min(minHosts, n), floor(n * maxPercent / 100)) have the new value, and never more
 * than maxHosts; in any window of `windowMs` at most `changes` of them change.
 */
export interface RoleLimit {
  readonly maxPercent?: number;
  readonly minHosts?: number;
  readonly maxHosts?: number;
  readonly pace?: { readonly changes: number; readonly windowMs: number };
}

/** `limits`: by role; `*` stands for every role that is not named. `salt` gives the hosts another order. */
export interface VariableSpec {
  readonly name: string;
  readonly type: ScalarType;
  readonly from: Scalar;
  readonly to: Scalar;
  readonly schedule: VariableSchedule;
  readonly limits: Readonly<Record<string, RoleLimit>>;
  readonly salt: string;
}

/** Of a request: as VariableSchedule and RoleLimit, in the words of people. */
export interface RampPoint {
  /** From the start, paused time apart. */
  readonly after: DurationText;
  /** Of the hosts of each role. */
  readonly percent: number;
}

export type RampLimit = Omit<RoleLimit, 'pace'> & {
  readonly pace?: { readonly changes: number; readonly window: DurationText };
};

/** What a request with the strategy `ramp` says. `to` is the version as text unless it is said here. */
export interface RampWishes {
  readonly variable: string;
  readonly to?: Scalar;
  /** What hosts have before; only for a variable that nobody has defined. */
  readonly from?: Scalar;
  readonly over: DurationText | readonly RampPoint[];
  /** By role; `*` stands for every role that is not named. */
  readonly limits?: Readonly<Record<string, RampLimit>>;
}

/** The ramp of a plan: the variable as it is to be defined. */
export interface PlanRamp {
  readonly fleet: string;
  readonly spec: VariableSpec;
}

/** The hosts of a group are those of a fleet: they join by asking. Its name is that of the group when it is absent. */
export interface GroupFleetDocument {
  readonly name?: string;
}

export interface GroupFleet {
  readonly name: string;
}

/** Goes on although these freezes hold (TSU-14): `by` answers for it. One that is not named holds it as any other. */
export interface Spite {
  readonly freezes: readonly string[];
  readonly by: string;
}

/** What may be said to a variable; every one of them with a reason. `spite`: from services alone, in somebody's name. */
export type VariableCommand =
  /** Makes it, changes its limits, or names its next value once all hosts have the last one. */
  | { readonly type: 'define'; readonly spec: VariableSpec }
  /** Sets out for `to`, from where it is. */
  | { readonly type: 'ramp'; readonly spite?: Spite }
  | { readonly type: 'pause' }
  | { readonly type: 'resume'; readonly spite?: Spite }
  | { readonly type: 'stop' }
  /** Goes back for `from`, from where it is, as fast as it came. */
  | { readonly type: 'reverse' }
  /** All hosts have `from`, at once. */
  | { readonly type: 'revert' }
  /** The rest of the ramp at once, within its limits. */
  | { readonly type: 'finish' }
  | { readonly type: 'pin'; readonly hosts: readonly string[]; readonly value: Scalar }
  | { readonly type: 'unpin'; readonly hosts: readonly string[] };

export type VariableCommandType = VariableCommand['type'];

/** Keys of a flat JSON object that every client can use. */
export const VARIABLE_NAME_PATTERN = '^(?!(?:__proto__|constructor|prototype)$)[A-Za-z_][A-Za-z0-9_.-]{0,99}$';

const NAME = new RegExp(VARIABLE_NAME_PATTERN, 'u');

/** Hosts of one fleet, those that left included: each keeps its number for ever. */
export const MAX_FLEET_HOSTS = 1_048_576;
export const MAX_FLEET_ROLES = 10_000;

/** Hosts in one message to a fleet: with names of 200 bytes it is still far below what a message may have. */
export const FLEET_BATCH = 1_000;

/** What may be said to a fleet (`sluice.command.fleet`, target = its name). What is so already is no news. */
export type FleetCommand =
  /** Hosts that were heard of, with their roles. Answered when they and their first values are in the log. */
  | { readonly type: 'join'; readonly hosts: readonly { readonly host: string; readonly role: string }[] }
  | { readonly type: 'leave'; readonly hosts: readonly string[] }
  /**
   * A service level objective is not met: ramps that are under way stop, those of `variables` or all of the fleet's.
   * From services and policies only: people stop a ramp with `stop` and a reason.
   */
  | {
      readonly type: 'breach';
      readonly words: string;
      readonly numbers: Readonly<Record<string, number>>;
      readonly variables?: readonly string[];
    };

/** The target of a command to a variable: no name of a variable holds a slash, so the last one parts the two. */
export const variableTarget = (fleet: string, variable: string): string => `${fleet}/${variable}`;

/** Undefined for what names no variable of a fleet. */
export function variableOfTarget(target: string): { readonly fleet: string; readonly variable: string } | undefined {
  const slash = target.lastIndexOf('/');
  if (slash < 1) return undefined;
  const [fleet, variable] = [target.slice(0, slash), target.slice(slash + 1)];
  return NAME.test(variable) ? { fleet, variable } : undefined;
}
