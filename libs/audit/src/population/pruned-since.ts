import { totalsOf } from './population.js';
import type { Population, PopulationItem } from './schema.js';

const PLACE = ['id', 'planned', 'position', 'entry', 'commit'] as const;

export interface WithStored {
  readonly population: Population;
  /** So many rows were pruned since: their place and the hash of their commit hold, the rest is as it was stored. */
  readonly onStoredText: number;
}

/**
 * Takes the stored row of what was pruned since, where place and hash agree: nobody can make it anew. What was pruned
 * already when it was stored, or does not agree, stays as the log has it now.
 */
export function withStoredRows(population: Population, stored: readonly unknown[]): WithStored {
  const rows = new Map(stored.map((row) => [keyOf(row), row] as const));
  let onStoredText = 0;
  const items = population.items.map((item) => {
    const row = item.kind === 'pruned' ? rows.get(keyOf(item)) : undefined;
    if (!isRowOf(item, row)) return item;
    onStoredText += 1;
    return row;
  });
  return { population: { ...population, totals: totalsOf(items), items }, onStoredText };
}

const keyOf = (row: unknown): string => {
  const { id, entry } = (row ?? {}) as { readonly id?: unknown; readonly entry?: unknown };
  return JSON.stringify([id, entry]);
};

/** Of another kind, at the same place, and a row like any other. */
function isRowOf(item: PopulationItem, row: unknown): row is PopulationItem {
  if (typeof row !== 'object' || row === null) return false;
  const found = row as Readonly<Record<string, unknown>>;
  const columns = Object.entries(item);
  const isWhole =
    Object.keys(found).join() === columns.map(([column]) => column).join() &&
    columns.every(([column, value]) => typeof found[column] === typeof value);
  const { kind, approvedBy } = found;
  return (
    isWhole &&
    (kind === 'rollout' || kind === 'refused') &&
    Array.isArray(approvedBy) &&
    approvedBy.every((by) => typeof by === 'string') &&
    PLACE.every((column) => found[column] === item[column])
  );
}
