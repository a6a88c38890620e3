import type { ArtifactRef, GroupEntry, InventoryRecord, MemberEntry, RequestTemplate } from '@sluice/contracts';
import type { EventLog } from '@sluice/event-log';
import type { Clock } from '@sluice/kernel';
import type { KnownVariable, SharingGroup } from '@sluice/planning';

/** What is known of groups and their members when a plan is made. */
export interface InventoryPort {
  /** undefined: nobody has defined it. */
  group(name: string): Promise<InventoryRecord<GroupEntry> | undefined>;
  members(group: string): Promise<readonly InventoryRecord<MemberEntry>[]>;
  /** Named plan templates. */
  templates(): Promise<ReadonlyMap<string, RequestTemplate>>;
  /** Other groups with members on hosts of this one; members that are known to be down do not count. */
  sharing(group: string): Promise<readonly SharingGroup[]>;
}

/** A version that a group ran to the end. */
export interface PastVersion {
  readonly version: string;
  readonly rolloutId: string;
  readonly sha256: string;
  /** The side that has all traffic since. */
  readonly side?: string;
}

/** What operators and rollouts have said about a group. */
export interface GroupFacts {
  /** Host -> reason. */
  readonly exclusions: ReadonlyMap<string, string>;
  /** Version -> reason. */
  readonly blocked: ReadonlyMap<string, string>;
  /** The last 100 successes, oldest first. */
  readonly history: readonly PastVersion[];
  /** Rollouts that had the group's lease since the last of those, at most 20. */
  readonly since?: readonly string[];
}

export interface GroupFactsPort {
  /** Everything that the log held about the group when it was asked. */
  factsOf(group: string): Promise<GroupFacts>;
}

/** What became of asking a CMDB; the inventory is then as fresh as it can be. */
export interface Synced {
  /** Why it is not from just now, in words. */
  readonly trouble?: string;
}

export interface GroupSync {
  /** Never fails: what is known stays, with the trouble in words. */
  sync(group: string): Promise<Synced>;
}

/** What operators have said about what Sluice depends on (TAR-43). */
export interface DependenciesPort {
  /** Why plans may be made without asking it, in words, while it is forced open. */
  mayUseStale(dependency: 'cmdb'): Promise<string | undefined>;
}

/** What became of looking at an artifact, with a reason in words that holds no secret. */
export type ArtifactLook =
  | { readonly kind: 'same' }
  | { readonly kind: 'missing'; readonly words: string }
  | { readonly kind: 'differs'; readonly words: string };

/** Fetches artifacts to see whether they are there and are what a request says (MOM-02). */
export interface ArtifactPort {
  /** Never fails, and answers within a bounded time. */
  look(artifact: ArtifactRef): Promise<ArtifactLook>;
}

/** What is known of the variables of fleets. */
export interface VariablesPort {
  /** Everything that the log held about it when it was asked; undefined: nobody has defined it. */
  variable(fleet: string, name: string): Promise<KnownVariable | undefined>;
}

export interface PlannerDeps {
  readonly log: EventLog;
  readonly clock: Clock;
  /** A new ULID. */
  readonly newId: () => string;
  readonly inventory: InventoryPort;
  readonly groups: GroupFactsPort;
  /** Of ramps; read from the log when absent. */
  readonly variables?: VariablesPort;
  /** Where groups are fetched from before each plan; the inventory is all there is when absent. */
  readonly cmdb?: GroupSync;
  /** Of what a CMDB told; by class of environment when absent. */
  readonly maxAgeMs?: number;
  readonly dependencies?: DependenciesPort;
  /** Without it, requests that want their artifact to be looked at are refused. */
  readonly artifacts?: ArtifactPort;
}
