import type { IndexRow, RecordPlace } from './index-format.js';
import type { IndexPart, Run } from './index-part.js';
import type { StoredSummary } from './summaries.js';

/** Which archived rollouts are wanted; all that are given must hold. */
export interface ArchiveQuery {
  readonly app?: string;
  readonly group?: string;
  readonly state?: string;
  /** Planned at or after that time, ms since the epoch. */
  readonly since?: number;
  /** Only rollouts of these groups. */
  readonly sees?: (group: string) => boolean;
  /** Planned before that log position. */
  readonly before?: number;
  readonly limit: number;
}

/** Newest first. `next` is the position that continues, undefined at the end. */
export interface ArchivedPage {
  readonly items: readonly StoredSummary[];
  readonly next: number | undefined;
}

const ROWS_READ = 64;

/**
 * Merges the parts by position. Parts hardly overlap, and one is only read once the page comes to its newest rollout, so
 * the first pages cost the same however much was archived.
 */
export async function pageOf(
  parts: readonly IndexPart[],
  query: ArchiveQuery,
  summaryAt: (place: RecordPlace) => Promise<StoredSummary>,
): Promise<ArchivedPage> {
  const cursors = parts.filter((part) => mayHold(part, query)).map((part) => new Cursor(part, query));
  const { rows, next } = await rowsOf(cursors, query.limit);
  return { items: await Promise.all(rows.map(({ place }) => summaryAt(place))), next };
}

async function rowsOf(
  cursors: readonly Cursor[],
  limit: number,
): Promise<{ readonly rows: readonly IndexRow[]; readonly next: number | undefined }> {
  const rows: IndexRow[] = [];
  for (;;) {
    const last = rows.at(-1)?.position;
    const cursor = highest(cursors);
    if (cursor === undefined) return { rows, next: undefined };
    if (!cursor.isReady) {
      await cursor.advance();
      continue;
    }
    const row = cursor.take();
    // What was archived twice, after a fault, is told once: the newer segment is read first.
    if (row === undefined || row.position === last) continue;
    if (rows.length === limit) return { rows, next: last };
    rows.push(row);
  }
}

function mayHold({ header }: IndexPart, { state, since, before }: ArchiveQuery): boolean {
  if (header.count === 0 || header.maxPlannedAt < (since ?? 0)) return false;
  if (before !== undefined && header.minPosition >= before) return false;
  return state === undefined || header.states.some(([name]) => name === state);
}

/** The one whose next row has the highest position, the later segments first. */
function highest(cursors: readonly Cursor[]): Cursor | undefined {
  let best: Cursor | undefined;
  for (const cursor of cursors) if (!cursor.isDone && cursor.upper >= (best?.upper ?? 0)) best = cursor;
  return best;
}

/** Goes down the matching rows of one part. */
class Cursor {
  /** No row that is left has a higher position. */
  upper: number;
  isDone = false;
  #row: IndexRow | undefined;
  #run: Run | undefined;
  #left = 0;
  #rows: readonly IndexRow[] = [];
  #matches: ((row: IndexRow) => boolean) | undefined;

  constructor(
    private readonly part: IndexPart,
    private readonly query: ArchiveQuery,
  ) {
    this.upper = Math.min(part.header.maxPosition, (query.before ?? Infinity) - 1);
  }

  get isReady(): boolean {
    return this.#row !== undefined;
  }

  take(): IndexRow | undefined {
    const row = this.#row;
    this.#row = undefined;
    return row;
  }

  /** Finds the next row that matches, or is done. */
  async advance(): Promise<void> {
    if (this.#run === undefined) await this.#begin();
    for (;;) {
      const row = await this.#down();
      if (row === undefined) {
        this.isDone = true;
        return;
      }
      if (this.#matches?.(row) === false) continue;
      this.upper = row.position;
      this.#row = row;
      return;
    }
  }

  async #begin(): Promise<void> {
    const { app, group } = this.query;
    const { part } = this;
    this.#matches = await this.#matcher();
    if (group !== undefined) this.#run = await part.of('group', group);
    else if (app !== undefined) this.#run = await part.of('app', app);
    else this.#run = part.all();
    this.#left = await this.#placeOf(this.#run, this.query.before);
  }

  /** How many rows of the run lie before that position. */
  async #placeOf(run: Run, before: number | undefined): Promise<number> {
    let [low, high] = [0, run.count];
    if (before === undefined || before > this.part.header.maxPosition) return high;
    while (low < high) {
      const middle = (low + high) >>> 1;
      const [row] = await run.rows(middle, middle + 1);
      if ((row?.position ?? Infinity) < before) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  async #down(): Promise<IndexRow | undefined> {
    if (this.#rows.length === 0 && this.#left > 0 && this.#run !== undefined) {
      const from = Math.max(0, this.#left - ROWS_READ);
      this.#rows = await this.#run.rows(from, this.#left);
      this.#left = from;
    }
    const row = this.#rows.at(-1);
    this.#rows = this.#rows.slice(0, -1);
    return row;
  }

  async #matcher(): Promise<(row: IndexRow) => boolean> {
    const { app, state, since = 0, sees } = this.query;
    const { states } = this.part.header;
    const wanted = state === undefined ? undefined : states.findIndex(([name]) => name === state);
    const names = app === undefined && sees === undefined ? undefined : await this.part.dictionary();
    const appPlace = app === undefined ? undefined : names?.apps.findIndex(([name]) => name === app);
    const seen = sees === undefined ? undefined : names?.groups.map(([name]) => sees(name));
    return (row) =>
      row.plannedAt >= since &&
      (wanted === undefined || row.state === wanted) &&
      (appPlace === undefined || row.app === appPlace) &&
      (seen === undefined || seen[row.group] === true);
  }
}
