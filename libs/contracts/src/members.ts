import type { PlanTarget } from './plan.js';
import type { Profile } from './request.js';

/**
 * `sluice.command.members`: who the members of a group are now, as targets of a plan that installs with `profile` or
 * one of `profiles`. They come in the order of their names, a page at a time: those behind `after`.
 */
export interface MembersQuery {
  readonly v: 1;
  readonly group: string;
  readonly app: string;
  readonly profile: Profile;
  readonly profiles?: readonly Profile[];
  /** Of the plan: who has not all of them is unfit for it. */
  readonly labels?: Readonly<Record<string, string>>;
  readonly after?: string;
}

/** A member, and why it cannot be a target of that plan when it cannot. */
export type PlannableMember = PlanTarget & { readonly unfit?: string };

/** Code GROUP_UNKNOWN, BAD_QUERY, INTERNAL. */
export type MembersPage =
  | { readonly ok: true; readonly members: readonly PlannableMember[]; readonly more: boolean }
  | { readonly ok: false; readonly code: string; readonly message: string };
