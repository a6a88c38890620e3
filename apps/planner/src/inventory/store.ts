import {
  type GroupEntry,
  type Hello,
  type HelloApp,
  type InventorySource,
  REQUEST_PATTERNS,
  type RequestTemplate,
} from '@sluice/contracts';

import type { SharingGroup } from '@sluice/planning';

import type { InventoryPort } from '../engine/ports.js';
import type { DefinedMember, Definition } from './definition.js';
import { type HeardMember, HeardMembers } from './heard.js';
import { groupKey, memberKey, readKey } from './keys.js';
import {
  type AnyRecord,
  type GroupRecord,
  groupRecord,
  isStale,
  joinMembers,
  type MemberRecord,
  memberRecord,
  type Origin,
  type TemplateRecord,
} from './records.js';
import { TemplateStore } from './templates.js';

/** A record to be stored, or a key to be removed. */
export type InventoryChange = { readonly key: string; readonly record: AnyRecord | undefined };

interface Group {
  record: GroupRecord;
  readonly members: Map<string, MemberRecord>;
  /** host -> lastSeen as it was stored last. */
  readonly stored: Map<string, number>;
}

export interface Defined {
  /** False: older than what is stored, ignored. */
  readonly applied: boolean;
  /** The version that holds now. */
  readonly version: number;
}

/** `lastSeen` alone is stored this often, so that a fleet's heartbeats do not become a stream of writes. */
const STORE_SEEN_EVERY_MS = 30_000;

/** Labels of a heartbeat that are larger, as JSON, are none. */
const MAX_LABEL_BYTES = 4 * 1024;

const NAME = new RegExp(REQUEST_PATTERNS.name, 'u');

/**
 * The inventory in memory: what plans are made from. A file and the API define groups and members; agents' heartbeats
 * add what runs where, new members, and groups that nobody has defined. `onChange` is told what is worth storing.
 */
export class InventoryStore implements InventoryPort {
  readonly #groups = new Map<string, Group>();

  readonly templateStore: TemplateStore;

  constructor(
    private readonly onChange: (change: InventoryChange) => void = () => undefined,
    private readonly heard = new HeardMembers(),
  ) {
    this.templateStore = new TemplateStore(onChange);
  }

  templates(): Promise<ReadonlyMap<string, RequestTemplate>> {
    return Promise.resolve(this.templateStore.fields());
  }

  group(name: string): Promise<GroupRecord | undefined> {
    return Promise.resolve(this.#groups.get(name)?.record);
  }

  members(group: string): Promise<readonly MemberRecord[]> {
    return Promise.resolve([...(this.#groups.get(group)?.members.values() ?? [])]);
  }

  sharing(group: string): Promise<readonly SharingGroup[]> {
    const own = this.#groups.get(group)?.members;
    if (own === undefined) return Promise.resolve([]);
    const found: SharingGroup[] = [];
    for (const [name, { members }] of this.#groups) {
      const present = name === group ? [] : [...members.values()].filter(({ entry }) => entry.down !== true);
      const hosts = present.map(({ entry }) => entry.host).filter((host) => own.has(host));
      if (hosts.length > 0) found.push({ group: name, members: present.length, hosts });
    }
    return Promise.resolve(found);
  }

  /** `replace`: members that the definition does not name are removed. The version is `now` when it has none. */
  define(source: InventorySource, definition: Definition, mode: 'replace' | 'merge', now: number): Defined {
    const { group, members, etag } = definition;
    const origin: Origin = { source, version: definition.version ?? now, fetchedAt: now };
    const known = this.#groups.get(group.name);
    if (known !== undefined && isStale(known.record, origin)) return { applied: false, version: known.record.version };
    const held = this.#putGroup(groupRecord(group, etag === undefined ? origin : { ...origin, etag }));
    const named = new Set(members.map(({ host }) => host));
    const isWhole = mode === 'replace' || hasNoHosts(group);
    for (const host of [...held.members.keys()]) if (isWhole && !named.has(host)) this.#drop(held, host);
    for (const member of members) this.#defineMember(held, member, origin);
    return { applied: true, version: origin.version };
  }

  /** The CMDB says that the group is as it was told last: it is as fresh as if it had been told again. */
  confirm(group: string, now: number): void {
    const held = this.#groups.get(group);
    if (held?.record.source === 'cmdb') this.#putGroup({ ...held.record, fetchedAt: now });
  }

  /** What an agent says of its host. False when an app of it was ignored: it contradicts what is defined, or there is no room. */
  hear(hello: Hello, now: number): boolean {
    let consistent = true;
    for (const app of hello.apps) consistent = this.#hearApp(hello, app, now) && consistent;
    return consistent;
  }

  /** Members that nothing but heartbeats told of, the last of them before that, leave the inventory. */
  expire(before: number): readonly string[] {
    const gone: string[] = [];
    this.heard.expire(before, (stale) => {
      this.#forgetStale(stale);
      gone.push(stale.host);
    });
    return gone;
  }

  /** A record that another planner stored, or that was there at the start; `undefined`: it was removed. */
  adopt(key: string, record: AnyRecord | undefined): void {
    const name = readKey(key);
    if (name === undefined) return;
    if (name.kind === 'template') return this.templateStore.adopt(name.name, record as TemplateRecord | undefined);
    const held = this.#groups.get(name.group);
    if (record === undefined) {
      if (name.kind === 'group') this.#forgetGroup(name.group);
      else if (held !== undefined) this.#forget(held, name.host);
      return;
    }
    if (name.kind === 'group') this.#adoptGroup(record as GroupRecord);
    else this.#adoptMember(record as MemberRecord);
  }

  #hearApp(hello: Hello, app: HelloApp, now: number): boolean {
    if (![app.group, app.app, hello.host].every((name) => NAME.test(name))) return false;
    const known = this.#groups.get(app.group);
    const record = known?.record ?? announced(app, now);
    if (record.entry.app !== app.app) return false;
    const before = known?.members.get(hello.host);
    const after = heardMember(record.entry, hello, app, { now, before });
    if (!this.#hasRoom(after)) return false;
    // Whom it took the place of may have been the last of this group.
    this.#putHeard(this.#groups.get(app.group) ?? this.#putGroup(record), before, after);
    return true;
  }

  #putHeard(held: Group, before: MemberRecord | undefined, after: MemberRecord): void {
    held.members.set(after.entry.host, after);
    if (before === undefined || differs(before, after) || this.#isOld(held, after)) this.#store(held, after);
  }

  #isOld({ stored }: Group, { entry: { host, lastSeen = 0 } }: MemberRecord): boolean {
    return lastSeen - (stored.get(host) ?? 0) >= STORE_SEEN_EVERY_MS;
  }

  #hasRoom(record: MemberRecord): boolean {
    const { group, host } = record.entry;
    if (record.source !== 'heartbeat') return true;
    return this.heard.take(memberKey(group, host), heardOf(record), (stale) => this.#forgetStale(stale));
  }

  /** With its last member goes a group that is known from its agents alone. */
  #forgetStale({ group, host }: HeardMember): void {
    const held = this.#groups.get(group);
    if (held === undefined) return;
    this.#drop(held, host);
    if (held.members.size > 0 || held.record.source !== 'heartbeat') return;
    this.#groups.delete(group);
    this.onChange({ key: groupKey(group), record: undefined });
  }

  #putGroup(record: GroupRecord): Group {
    const held = this.#hold(record);
    this.onChange({ key: groupKey(record.entry.name), record });
    return held;
  }

  #hold(record: GroupRecord): Group {
    const held = this.#groups.get(record.entry.name) ?? { record, members: new Map(), stored: new Map() };
    held.record = record;
    this.#groups.set(record.entry.name, held);
    return held;
  }

  #defineMember(held: Group, member: DefinedMember, origin: Origin): void {
    const before = held.members.get(member.host);
    const after = memberRecord(held.record.entry, member, origin, before);
    if (origin.source !== 'cmdb' || !isSameMember(before, after)) this.#putMember(held, after);
  }

  #putMember(held: Group, record: MemberRecord): void {
    const { group, host } = record.entry;
    this.heard.forget(memberKey(group, host));
    held.members.set(host, record);
    this.#store(held, record);
  }

  #store(held: Group, record: MemberRecord): void {
    const { group, host, lastSeen } = record.entry;
    held.stored.set(host, lastSeen ?? 0);
    this.onChange({ key: memberKey(group, host), record });
  }

  #drop(held: Group, host: string): void {
    this.#forget(held, host);
    this.onChange({ key: memberKey(held.record.entry.name, host), record: undefined });
  }

  #forget(held: Group, host: string): void {
    this.heard.forget(memberKey(held.record.entry.name, host));
    held.members.delete(host);
    held.stored.delete(host);
  }

  #forgetGroup(group: string): void {
    for (const host of this.#groups.get(group)?.members.keys() ?? []) this.heard.forget(memberKey(group, host));
    this.#groups.delete(group);
  }

  #adoptGroup(record: GroupRecord): void {
    const held = this.#groups.get(record.entry.name);
    if (held !== undefined && isStale(held.record, record)) return;
    if (held === undefined || record.fetchedAt >= held.record.fetchedAt) this.#hold(record);
  }

  /** A member may arrive before its group: it is kept under a group that its own record describes. */
  #adoptMember(record: MemberRecord): void {
    const { group, app, host, lastSeen } = record.entry;
    const entry: GroupEntry = { name: group, app, environment: 'production' };
    const held =
      this.#groups.get(group) ?? this.#hold(groupRecord(entry, { source: 'heartbeat', version: 0, fetchedAt: 0 }));
    const before = held.members.get(host);
    const joined = before === undefined ? record : joinMembers(before, record);
    held.members.set(host, joined);
    if (joined.source === 'heartbeat') this.heard.keep(memberKey(group, host), heardOf(joined));
    else this.heard.forget(memberKey(group, host));
    held.stored.set(host, lastSeen ?? 0);
  }
}

/** What maps and objects of a member take, its group's among them where it is the only one. */
const OVERHEAD_BYTES = 600;

const heardOf = (record: MemberRecord): HeardMember => ({
  group: record.entry.group,
  host: record.entry.host,
  bytes: JSON.stringify(record).length + OVERHEAD_BYTES,
  seen: record.entry.lastSeen ?? 0,
});

/** A group that is known from its agents alone: taken for production, the more careful rules. */
function announced(app: HelloApp, now: number): GroupRecord {
  const entry: GroupEntry = { name: app.group, app: app.app, environment: 'production' };
  return groupRecord(entry, { source: 'heartbeat', version: now, fetchedAt: now });
}

const isLabelled = (labels: Hello['labels']): boolean =>
  Object.keys(labels).length > 0 && JSON.stringify(labels).length <= MAX_LABEL_BYTES;

interface Hearing {
  readonly now: number;
  readonly before: MemberRecord | undefined;
}

function heardMember(group: GroupEntry, hello: Hello, app: HelloApp, { now, before }: Hearing): MemberRecord {
  const { host, site, labels } = hello;
  const facts = {
    running: app.running,
    serving: app.serving,
    lastSeen: now,
    endpoint: app.endpoint,
    ...(isLabelled(labels) ? { heardLabels: labels } : {}),
  };
  const isDefined = before !== undefined && before.source !== 'heartbeat';
  if (isDefined) {
    const { heardLabels: _, ...known } = before.entry;
    return { ...before, entry: { ...known, ...facts } };
  }
  const origin: Origin = { source: 'heartbeat', version: before?.version ?? now, fetchedAt: before?.fetchedAt ?? now };
  const member = { host, ...(site === undefined ? {} : { site }) };
  const record = memberRecord(group, member, origin);
  return { ...record, entry: { ...record.entry, ...facts } };
}

/** A CMDB is asked before each rollout: members of which it says the same again are not stored again. */
const isSameMember = (before: MemberRecord | undefined, after: MemberRecord): boolean =>
  before?.source === after.source && !differs(before, after);

function differs(a: MemberRecord, b: MemberRecord): boolean {
  const { lastSeen: _a, ...one } = a.entry;
  const { lastSeen: _b, ...two } = b.entry;
  return JSON.stringify(one) !== JSON.stringify(two);
}

/** A group with sides, or a fleet, has no hosts of its own, whatever it was before. */
const hasNoHosts = ({ sides, fleet }: GroupEntry): boolean => sides !== undefined || fleet !== undefined;
