import type { GroupEntry, MemberEntry } from '@sluice/contracts';

/** The inventory as its bucket tells it: `group.<group>` and `member.<group>.<host>`, names as tokens. */
export class InventoryView {
  private readonly groups = new Map<string, GroupEntry>();
  private readonly members = new Map<string, Map<string, MemberEntry>>();
  private readonly sorted = new Map<string, readonly MemberEntry[]>();

  /** `record` undefined: the key was deleted. A record that is none of ours is left out. */
  put(key: string, record: unknown): void {
    const [kind, group, host] = key.split('.');
    const entry = entryOf(record);
    if (kind === 'group' && group !== undefined && host === undefined) this.putGroup(group, entry);
    if (kind === 'member' && group !== undefined && host !== undefined) this.putMember(group, host, entry);
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

const isGroupEntry = (value: unknown): value is GroupEntry =>
  isObject(value) && typeof value['name'] === 'string' && typeof value['app'] === 'string';

const isMemberEntry = (value: unknown): value is MemberEntry =>
  isObject(value) && typeof value['host'] === 'string' && typeof value['group'] === 'string';
