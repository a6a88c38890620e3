import type { RolloutState, RolloutStatus, RolloutSummary } from '@sluice/rollout';

/** One rollout of the index. `state` is kept only while it is open; `resting` is the summary of one that ended. */
export interface RolloutEntry {
  readonly id: string;
  readonly app: string;
  readonly group: string;
  /** Log position of the sealed plan: the order of the list. */
  readonly position: number;
  /** ms since the epoch. */
  readonly plannedAt: number;
  /** Commits of the `exec` stream so far: the ETag. */
  rev: number;
  state: RolloutState | undefined;
  resting: RolloutSummary | undefined;
}

export interface ListQuery {
  readonly app?: string;
  readonly group?: string;
  readonly state?: RolloutStatus;
  /** Only rollouts planned at or after that time, ms since the epoch. */
  readonly since?: number;
  /** Only rollouts of these groups. */
  readonly sees?: (group: string) => boolean;
  /** Only rollouts planned before this log position. */
  readonly before?: number;
  readonly limit: number;
}

const RESTING: ReadonlySet<RolloutStatus> = new Set<RolloutStatus>(['succeeded', 'failed', 'cancelled', 'closed']);

/** The order of the list by log position, per app and per group too, so that a page looks at few others. */
export class RolloutOrder {
  private readonly all: RolloutEntry[] = [];
  private readonly byApp = new Map<string, RolloutEntry[]>();
  private readonly byGroup = new Map<string, RolloutEntry[]>();
  private readonly open = new Map<string, RolloutEntry>();

  get openCount(): number {
    return this.open.size;
  }

  /** Entries come in the order of their positions. */
  add(entry: RolloutEntry): void {
    this.all.push(entry);
    listOf(this.byApp, entry.app).push(entry);
    listOf(this.byGroup, entry.group).push(entry);
    this.open.set(entry.id, entry);
  }

  moved(entry: RolloutEntry, isOpen: boolean): void {
    if (isOpen) this.open.set(entry.id, entry);
    else this.open.delete(entry.id);
  }

  /** In one go: the lists are gone through once. */
  remove(gone: ReadonlySet<RolloutEntry>): void {
    keep(this.all, gone);
    for (const { id } of gone) this.open.delete(id);
    for (const lists of [this.byApp, this.byGroup]) {
      for (const [name, list] of lists) {
        keep(list, gone);
        if (list.length === 0) lists.delete(name);
      }
    }
  }

  page(
    query: ListQuery,
    statusOf: (entry: RolloutEntry) => RolloutStatus,
  ): { entries: RolloutEntry[]; next: number | undefined } {
    const candidates = this.candidates(query);
    const entries: RolloutEntry[] = [];
    for (let i = placeBefore(candidates, query.before) - 1; i >= 0; i -= 1) {
      const entry = candidates[i];
      if (entry === undefined || !matches(entry, query, statusOf)) continue;
      if (entries.length === query.limit) return { entries, next: entries.at(-1)?.position };
      entries.push(entry);
    }
    return { entries, next: undefined };
  }

  /** The shortest list that holds every match. */
  private candidates({ app, group, state }: ListQuery): readonly RolloutEntry[] {
    const lists: (readonly RolloutEntry[])[] = [this.all];
    if (app !== undefined) lists.push(this.byApp.get(app) ?? []);
    if (group !== undefined) lists.push(this.byGroup.get(group) ?? []);
    const shortest = lists.reduce((best, list) => (list.length < best.length ? list : best));
    if (state === undefined || RESTING.has(state) || this.open.size * 4 > shortest.length) return shortest;
    return [...this.open.values()].toSorted((a, b) => a.position - b.position);
  }
}

const matches = (entry: RolloutEntry, query: ListQuery, statusOf: (entry: RolloutEntry) => RolloutStatus): boolean =>
  isWanted(entry.app, query.app) &&
  isWanted(entry.group, query.group) &&
  entry.plannedAt >= (query.since ?? 0) &&
  (query.sees?.(entry.group) ?? true) &&
  (query.state === undefined || statusOf(entry) === query.state);

const isWanted = (value: string, wanted: string | undefined): boolean => wanted === undefined || value === wanted;

/** Takes the gone ones out of a list, which keeps its order. */
function keep(list: RolloutEntry[], gone: ReadonlySet<RolloutEntry>): void {
  let kept = 0;
  for (const entry of list) {
    if (gone.has(entry)) continue;
    list[kept] = entry;
    kept += 1;
  }
  list.length = kept;
}

function listOf(lists: Map<string, RolloutEntry[]>, key: string): RolloutEntry[] {
  const list = lists.get(key) ?? [];
  lists.set(key, list);
  return list;
}

/** How many entries lie before that position: binary search, the list ascends. */
function placeBefore(entries: readonly RolloutEntry[], position: number | undefined): number {
  if (position === undefined) return entries.length;
  let [low, high] = [0, entries.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((entries[middle]?.position ?? Number.POSITIVE_INFINITY) < position) low = middle + 1;
    else high = middle;
  }
  return low;
}
