import type { GroupEntry, InventoryRecord, InventorySource, MemberEntry, TemplateEntry } from '@sluice/contracts';

import type { DefinedMember } from './definition.js';

export type GroupRecord = InventoryRecord<GroupEntry>;
export type MemberRecord = InventoryRecord<MemberEntry>;
export type TemplateRecord = InventoryRecord<TemplateEntry>;
export type AnyRecord = GroupRecord | MemberRecord | TemplateRecord;

/** Where a definition comes from. `fetchedAt` is when it came; heartbeats do not touch it. */
export interface Origin {
  readonly source: InventorySource;
  readonly version: number;
  readonly fetchedAt: number;
  readonly etag?: string;
}

export const groupRecord = (entry: GroupEntry, origin: Origin): GroupRecord => ({ v: 1, ...origin, entry });

/** A member as it is defined, with what heartbeats had told about it. */
export function memberRecord(
  group: GroupEntry,
  member: DefinedMember,
  origin: Origin,
  before?: MemberRecord,
): MemberRecord {
  const entry: MemberEntry = { group: group.name, app: group.app, ...member, ...factsOf(before?.entry) };
  return { v: 1, ...origin, entry };
}

type Facts = Pick<MemberEntry, 'running' | 'serving' | 'lastSeen' | 'endpoint' | 'heardLabels'>;

function factsOf(entry: MemberEntry | undefined): Facts {
  if (entry === undefined) return {};
  return {
    ...(entry.running === undefined ? {} : { running: entry.running }),
    ...(entry.serving === undefined ? {} : { serving: entry.serving }),
    ...(entry.lastSeen === undefined ? {} : { lastSeen: entry.lastSeen }),
    ...(entry.endpoint === undefined ? {} : { endpoint: entry.endpoint }),
    ...(entry.heardLabels === undefined ? {} : { heardLabels: entry.heardLabels }),
  };
}

/**
 * Joins two records of one member, whoever wrote them and in whatever order they arrive: the definition that was
 * fetched last, and the facts that were heard last. So several planners come to the same record.
 */
export function joinMembers(a: MemberRecord, b: MemberRecord): MemberRecord {
  const defined = b.fetchedAt >= a.fetchedAt ? b : a;
  const heard = (b.entry.lastSeen ?? 0) >= (a.entry.lastSeen ?? 0) ? b : a;
  const { running: _r, serving: _s, lastSeen: _l, endpoint: _e, heardLabels: _h, ...definition } = defined.entry;
  return { ...defined, entry: { ...definition, ...factsOf(heard.entry) } };
}

/** An entry of an older version than the stored one of the same source is ignored (TAR-09). */
export function isStale(stored: Origin | undefined, next: Origin): boolean {
  return stored !== undefined && stored.source === next.source && next.version < stored.version;
}
