/**
 * Who should drive which part: everybody gets the floor or the ceiling of the fair share, and as few parts move as
 * that allows. Every member computes it for itself from what it sees; the same view gives the same answer whatever the
 * order it came in. `owners` may name those who are no members: their parts go to members. Empty without members.
 */
export function allocate(
  members: Iterable<string>,
  owners: ReadonlyMap<string, string>,
  parts: readonly string[],
): ReadonlyMap<string, string> {
  const names = [...new Set(members)].toSorted();
  const result = new Map<string, string>();
  if (names.length === 0) return result;
  const held = heldBy(names, owners, parts);
  const floor = Math.floor(parts.length / names.length);
  const larger = parts.length % names.length;
  const wanting: string[] = [];
  // Those who hold most keep the larger shares, so that nothing moves for the sake of the remainder.
  for (const [index, [member, own]] of [...held].toSorted(([, a], [, b]) => b.length - a.length).entries()) {
    const share = floor + Number(index < larger);
    for (const part of own.slice(0, share)) result.set(part, member);
    for (let missing = share - own.length; missing > 0; missing -= 1) wanting.push(member);
  }
  // As many places are left as parts: the shares add up to all of them.
  const left = parts.filter((part) => !result.has(part));
  for (const [index, part] of left.entries()) result.set(part, wanting[index] ?? '');
  return result;
}

function heldBy(
  members: readonly string[],
  owners: ReadonlyMap<string, string>,
  parts: readonly string[],
): Map<string, string[]> {
  const held = new Map(members.map((member) => [member, [] as string[]]));
  for (const part of parts) held.get(owners.get(part) ?? '')?.push(part);
  return held;
}
