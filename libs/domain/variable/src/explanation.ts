import type { Scalar } from '@sluice/contracts';
import type { Actor } from '@sluice/kernel';

/**
 * What bound: `before` = the ramp has not begun, `ramp` = the line, `limit` and `pace` = the role's, `join` = the line
 * when the host came, `reverse` = the line on its way back, `away` = it has left and keeps what it had.
 */
export type BindingRule =
  'before' | 'ramp' | 'limit' | 'pace' | 'pin' | 'pause' | 'stop' | 'join' | 'revert' | 'reverse' | 'away';

/** Why a host was to have a value at a time. */
export interface Explanation {
  readonly host: string;
  readonly variable: string;
  readonly at: number;
  readonly value: Scalar;
  readonly version: number;
  readonly rule: BindingRule;
  /** When it was given the value, at what fraction, by whom and why they said. */
  readonly given: Given;
  /** Of the schedule, 0 to 1, at `at`. */
  readonly fraction: number;
  /** Undefined when the host was away. */
  readonly role: RolePlace | undefined;
  /** All of it in a sentence. */
  readonly words: string;
}

export interface Given {
  readonly at: number;
  readonly fraction: number;
  readonly by?: Actor;
  readonly reason?: string;
}

/** Where the host stood in its role: `rank` from 1 in the order of the variable, pinned hosts apart. */
export interface RolePlace {
  readonly name: string;
  readonly rank: number;
  readonly hosts: number;
  /** How many had `to`, how many the line alone asked for, and how many the limit allowed. */
  readonly to: number;
  readonly asked: number;
  readonly limit: number;
}

export interface ExplainQuery {
  readonly variable: string;
  readonly host: string;
  /** ms since the epoch. */
  readonly at: number;
}
