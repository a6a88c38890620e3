import type { DeployRequest, Fault, GroupEntry, InventoryUsed, MemberEntry, Plan, PlanTarget } from '@sluice/contracts';

import type { Freshness } from './freshness.js';
import type { KnownVariable } from './ramp-wishes.js';
import type { ProvenVersion } from './scale-out.js';
import type { SharingGroup } from './shared-hosts.js';

/** All that a plan is made of. The same input gives the same plan, byte for byte (TRS-01). */
export interface PlanInput {
  /** Already of the right shape (the request's schema). */
  readonly request: DeployRequest;
  readonly requestId: string;
  /** SHA-256 of the request's canonical JSON. */
  readonly documentHash: string;
  readonly rolloutId: string;
  /** undefined: nobody has defined the group. */
  readonly group: GroupEntry | undefined;
  readonly members: readonly MemberEntry[];
  /** Host -> reason. */
  readonly exclusions: ReadonlyMap<string, string>;
  /** Version -> reason. */
  readonly blocked: ReadonlyMap<string, string>;
  /** What may be scaled out, newest first; nothing when absent. */
  readonly proven?: readonly ProvenVersion[];
  /** Other groups on the hosts of this one (TRS-12). */
  readonly sharing?: readonly SharingGroup[];
  /** Not judged when absent (TAR-12). */
  readonly freshness?: Freshness;
  /** Of a group with sides: the groups of its services by name, as far as somebody has defined them. */
  readonly sideGroups?: ReadonlyMap<string, GroupEntry>;
  /** The side that the last success brought all traffic to; the first of the group's sides when absent. */
  readonly liveSide?: string;
  /** Of a ramp: its variable; absent: nobody has defined it. */
  readonly variable?: KnownVariable;
}

/** A plan before its targets are hashed. */
export type PlanDraft = Omit<Plan, 'targetsHash'>;

export type MadePlan =
  | {
      readonly ok: true;
      readonly draft: PlanDraft;
      readonly targets: readonly PlanTarget[];
      readonly used?: InventoryUsed;
    }
  | { readonly ok: false; readonly faults: readonly Fault[] };
