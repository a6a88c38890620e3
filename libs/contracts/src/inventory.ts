import type { GroupSides, GroupSidesDocument } from './traffic.js';
import type { DurationText } from './artifact.js';
import type { GroupFleet, GroupFleetDocument } from './variables.js';
import type { DeployRequest, Environment, Profile, VerifySpec } from './request.js';

export type InventorySource = 'file' | 'api' | 'heartbeat' | 'cmdb';

/** From which inventory a plan was made, beside the plan: the same members of another age are the same plan (TAR-12). */
export interface InventoryUsed {
  readonly source: InventorySource;
  readonly version: number;
  /** ms since the epoch: when the source was heard last. */
  readonly fetchedAt: number;
  /** When the plan was made. */
  readonly ageMs: number;
  /** Why it was good enough, though the source did not answer or it is older than wanted. */
  readonly note?: string;
}

/** How members with these labels (all of them, with these values) are installed. */
export interface LabelledProfile {
  readonly labels: Readonly<Record<string, string>>;
  readonly profile: Profile;
}

/** The load balancer in front of a group: its name among the executor's, and what it calls the group. */
export interface GroupBalancer {
  readonly name: string;
  readonly backend: string;
}

/** A group: the instances of one app that are rolled together, and how to do it. */
export interface GroupEntry {
  readonly name: string;
  readonly app: string;
  readonly environment: Environment;
  readonly profile?: Profile;
  /** By type of machine: the first whose labels a member has is that member's, else `profile` (TAR-05). */
  readonly profiles?: readonly LabelledProfile[];
  readonly verify?: Partial<VerifySpec>;
  readonly drainWindowMs?: number;
  readonly balancer?: GroupBalancer;
  /** Traffic shifts between its two sides; such a group has no members of its own. */
  readonly sides?: GroupSides;
  /** Its hosts ask for their desired state: they are no members. */
  readonly fleet?: GroupFleet;
  /** The labels of the members that a request goes to which names none (MOM-08). */
  readonly selector?: Readonly<Record<string, string>>;
}

/** A member: host + app in a group. */
export interface MemberEntry {
  readonly group: string;
  readonly app: string;
  readonly host: string;
  readonly site?: string;
  /** Of the file or the API. */
  readonly labels?: Readonly<Record<string, string>>;
  /** From heartbeats: they count while nobody has defined `labels`. */
  readonly heardLabels?: Readonly<Record<string, string>>;
  /** Said by a load balancer or CMDB: not there, leave out. */
  readonly down?: boolean;
  /** From heartbeats. */
  readonly running?: string | null;
  readonly serving?: boolean;
  readonly lastSeen?: number;
  /** `host:port` of the app; null when nothing listens. */
  readonly endpoint?: string | null;
}

/** One value of KV `sluice_inventory`: `group.<group>`, `member.<group>.<host>` or `template.<name>` (names as tokens). */
export interface InventoryRecord<E> {
  readonly v: 1;
  readonly source: InventorySource;
  /** Grows with each change of the entry at its source; an older one than the stored is ignored. */
  readonly version: number;
  /** ms since the epoch. */
  readonly fetchedAt: number;
  /** Of a CMDB's answer, so that the next question can be answered with "unchanged". */
  readonly etag?: string;
  readonly entry: E;
}

/** A member as people write it: its name, or more about it. */
export type MemberDocument =
  | string
  | {
      readonly host: string;
      readonly site?: string;
      readonly labels?: Readonly<Record<string, string>>;
      readonly down?: boolean;
    };

/** A group and its members as people write them: in the inventory file, and in a command. */
export interface GroupDocument {
  readonly name: string;
  readonly app: string;
  readonly environment: Environment;
  readonly profile?: Profile;
  readonly profiles?: readonly LabelledProfile[];
  readonly verify?: Partial<Omit<VerifySpec, 'intervalMs' | 'timeoutMs'>> & { readonly interval?: DurationText };
  readonly startTimeout?: DurationText;
  readonly drainWindow?: DurationText;
  readonly balancer?: GroupBalancer;
  readonly sides?: GroupSidesDocument;
  readonly fleet?: GroupFleetDocument;
  readonly selector?: Readonly<Record<string, string>>;
  readonly members?: readonly MemberDocument[];
  /** Of this definition at its source: an older one than the stored is ignored. The time of arrival when absent. */
  readonly version?: number;
}

/** What a plan template may say: the fields of a request but those that make it this one request (XIM-04). */
export type RequestTemplate = Omit<
  DeployRequest,
  'apiVersion' | 'kind' | 'id' | 'template' | 'app' | 'group' | 'version' | 'artifact' | 'requestedBy' | 'reason'
>;

/** In KV: `template.<name>`. */
export interface TemplateEntry {
  readonly name: string;
  readonly fields: RequestTemplate;
}

/** The inventory file (YAML or JSON). */
export interface InventoryDocument {
  /** By name. */
  readonly templates?: Readonly<Record<string, RequestTemplate>>;
  readonly groups: readonly GroupDocument[];
}

/**
 * `sluice.command.inventory`, target = the group. `replaceGroup`: these are all its members. `mergeGroup`: members that
 * are not named stay as they are. Answer: CommandResult, `rev` = the version that is stored now. `source: 'cmdb'`: a
 * change message of the CMDB, whose `group.version` counts against what was fetched from there (TAR-09).
 */
export type InventoryCommand =
  | { readonly type: 'replaceGroup'; readonly group: GroupDocument; readonly source?: 'cmdb' }
  | { readonly type: 'mergeGroup'; readonly group: GroupDocument; readonly source?: 'cmdb' };

/** `sluice.command.inventory`, target = the name of the template. The answer is as for groups. */
export type TemplateCommand =
  { readonly type: 'putTemplate'; readonly template: RequestTemplate } | { readonly type: 'removeTemplate' };
