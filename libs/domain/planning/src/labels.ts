import type { GroupEntry, MemberEntry } from '@sluice/contracts';

export type Labels = Readonly<Record<string, string>>;

/** The labels of its definition, also when that has none of them; what its agent says while nobody defines any. */
export const labelsOf = (member: MemberEntry): Labels => member.labels ?? member.heardLabels ?? {};

export const hasLabels = (labels: Labels, wanted: Labels): boolean =>
  Object.entries(wanted).every(([name, value]) => Object.hasOwn(labels, name) && labels[name] === value);

/** A member whose machine is kept for one group or one app has this label with its name. */
const EXCLUSIVE = 'exclusive';

/** Where a member is, is its label `cluster` when it has none: its site. */
const selectable = (member: MemberEntry): Labels =>
  member.site === undefined ? labelsOf(member) : { cluster: member.site, ...labelsOf(member) };

/** Why labels keep a member out of a plan (MOM-08); undefined: they do not. */
export function whyNotOfLabels(group: GroupEntry, member: MemberEntry, wanted: Labels): string | undefined {
  const labels = selectable(member);
  const owner = Object.hasOwn(labels, EXCLUSIVE) ? labels[EXCLUSIVE] : undefined;
  if (owner !== undefined && owner !== group.name && owner !== group.app) return `kept for ${owner}`;
  if (hasLabels(labels, wanted)) return undefined;
  const missing = Object.entries(wanted).filter(([name, value]) => !hasLabels(labels, { [name]: value }));
  return `not ${missing.map(([name, value]) => `${name}=${value}`).join(', ')}`;
}
