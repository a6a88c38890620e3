/** Does it with all items, so many at once; throws the first fault when none is under way any more. */
export async function inGroups<T>(
  items: readonly T[],
  atOnce: number,
  work: (item: T) => Promise<unknown>,
): Promise<void> {
  for (let from = 0; from < items.length; from += atOnce) {
    const settled = await Promise.allSettled(items.slice(from, from + atOnce).map(work));
    for (const each of settled) if (each.status === 'rejected') throw each.reason;
  }
}
