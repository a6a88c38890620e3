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
  const held = new Map([...new Set(members)].toSorted().map((member) => [member, [] as Shard[]]));
  const result = new Map<Shard, string>();
  if (held.size === 0) return result;
  const pool: Shard[] = [];
  for (const shard of shards) (held.get(owners.get(shard) ?? '') ?? pool).push(shard);
  const floor = Math.floor(shards.length / held.size);
  let larger = shards.length % held.size;
  // Those who hold most keep the larger shares, so that nothing moves for the sake of the remainder.
  const order = [...held].toSorted(([, a], [, b]) => b.length - a.length);
  const wanting: string[] = [];
  for (const [member, own] of order) {
    const share = floor + (larger > 0 ? 1 : 0);
    larger -= share - floor;
    for (const shard of own.slice(0, share)) result.set(shard, member);
    pool.push(...own.slice(share));
    for (let missing = share - own.length; missing > 0; missing -= 1) wanting.push(member);
  }
  // As many places are left as shards: the shares add up to all of them.
  for (const [index, shard] of pool.toSorted().entries()) result.set(shard, wanting[index] ?? '');
  return result;
}
