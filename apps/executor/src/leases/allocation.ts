import { ALL_SHARDS, type Shard } from '@sluice/contracts';

/**
 * Who should drive which shard: everybody gets the floor or the ceiling of the fair share, and as few shards move as
 * that allows. Every member computes it for itself from what it sees; the same view gives the same answer whatever the
 * order it came in. `owners` may name those who are no members: their shards go to members. Empty without members.
 */
export function allocate(
  members: Iterable<string>,
  owners: ReadonlyMap<Shard, string>,
  shards: readonly Shard[] = ALL_SHARDS,
): ReadonlyMap<Shard, string> {
  const names = [...new Set(members)].toSorted();
  const result = new Map<Shard, string>();
  if (names.length === 0) return result;
  const held = heldBy(names, owners, shards);
  const floor = Math.floor(shards.length / names.length);
  const larger = shards.length % names.length;
  const wanting: string[] = [];
  // Those who hold most keep the larger shares, so that nothing moves for the sake of the remainder.
  for (const [index, [member, own]] of [...held].toSorted(([, a], [, b]) => b.length - a.length).entries()) {
    const share = floor + Number(index < larger);
    for (const shard of own.slice(0, share)) result.set(shard, member);
    for (let missing = share - own.length; missing > 0; missing -= 1) wanting.push(member);
  }
  // As many places are left as shards: the shares add up to all of them.
  const left = shards.filter((shard) => !result.has(shard));
  for (const [index, shard] of left.entries()) result.set(shard, wanting[index] ?? '');
  return result;
}

function heldBy(
  members: readonly string[],
  owners: ReadonlyMap<Shard, string>,
  shards: readonly Shard[],
): Map<string, Shard[]> {
  const held = new Map(members.map((member) => [member, [] as Shard[]]));
  for (const shard of shards) held.get(owners.get(shard) ?? '')?.push(shard);
  return held;
}
