import type { GroupEntry, InventorySource, MemberEntry, RequestTemplate, TemplateEntry } from '@sluice/contracts';

/** A plan template and where it comes from. */
export interface StoredTemplate {
  readonly name: string;
  readonly version: number;
  readonly source: InventorySource;
  /** ms since the epoch. */
  readonly storedAt: number;
  readonly fields: RequestTemplate;
}

/** The inventory as its bucket tells it: `group.<group>`, `member.<group>.<host>` and `template.<name>`, names as tokens. */
export class InventoryView {
  private readonly groups = new Map<string, GroupEntry>();
  private readonly members = new Map<string, Map<string, MemberEntry>>();
  private readonly named = new Map<string, StoredTemplate>();
  private readonly sorted = new Map<string, readonly MemberEntry[]>();

  /** `record` undefined: the key was deleted. A record that is none of ours is left out. */
  put(key: string, record: unknown): void {
    const [kind, group, host] = key.split('.');
    const entry = entryOf(record);
    if (kind === 'group' && group !== undefined && host === undefined) this.putGroup(group, entry);
    if (kind === 'template' && group !== undefined && host === undefined) this.putTemplate(group, record);
    if (kind === 'member' && group !== undefined && host !== undefined) this.putMember(group, host, entry);
  }

  template(token: string): StoredTemplate | undefined {
    return this.named.get(token);
  }

  /** By name, ascending. */
  templates(): readonly StoredTemplate[] {
    return [...this.named.values()].toSorted((a, b) => compare(a.name, b.name));
  }

  groupEntries(): readonly GroupEntry[] {
    return [...this.groups.values()];
  }

  names(): string[] {
    return [...this.groups.values()].map(({ name }) => name);
  }

  group(token: string): GroupEntry | undefined {
    return this.groups.get(token);
  }

  member(group: string, host: string): MemberEntry | undefined {
    return this.members.get(group)?.get(host);
  }

  /** By host, ascending. Sorted once for each change. */
  membersOf(token: string): readonly MemberEntry[] {
    const known = this.sorted.get(token);
    if (known !== undefined) return known;
    const members = [...(this.members.get(token)?.values() ?? [])].toSorted((a, b) => compare(a.host, b.host));
    this.sorted.set(token, members);
    return members;
  }

  private putTemplate(token: string, record: unknown): void {
    const template = templateOf(record);
    if (template === undefined) this.named.delete(token);
    else this.named.set(token, template);
  }

  private putGroup(token: string, entry: unknown): void {
    if (isGroupEntry(entry)) this.groups.set(token, entry);
    else this.groups.delete(token);
  }

  private putMember(group: string, host: string, entry: unknown): void {
    this.sorted.delete(group);
    const members = this.members.get(group) ?? new Map<string, MemberEntry>();
    this.members.set(group, members);
    if (isMemberEntry(entry)) members.set(host, entry);
    else members.delete(host);
  }
}

const compare = (a: string, b: string): number => (a < b ? -1 : Number(a > b));

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null;

const entryOf = (record: unknown): unknown => (isObject(record) ? record['entry'] : undefined);

/** Only planners write the bucket: what is a template in its outline is one. */
function templateOf(record: unknown): StoredTemplate | undefined {
  const entry = entryOf(record);
  if (!isObject(record) || !isObject(entry) || typeof entry['name'] !== 'string' || !isObject(entry['fields']))
    return undefined;
  const { version, source, fetchedAt } = record as unknown as Omit<StoredTemplate, 'fields'> & { fetchedAt: number };
  const { name, fields } = entry as unknown as TemplateEntry;
  return { name, version, source, storedAt: fetchedAt, fields };
}

const isGroupEntry = (value: unknown): value is GroupEntry =>
  isObject(value) && typeof value['name'] === 'string' && typeof value['app'] === 'string';

const isMemberEntry = (value: unknown): value is MemberEntry =>
  isObject(value) && typeof value['host'] === 'string' && typeof value['group'] === 'string';
