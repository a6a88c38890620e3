import { type ArchivedUnit, archivedUnits, type ArchiveStore, type PrunedUnit } from '@sluice/event-log';

import { type AuditedCommit, type CommitSource, withoutRepeats } from './source.js';

/**
 * An archive in the order of the log. It is read twice: units lie in it as they were archived, so first the beginning of
 * each is looked up, and then the units are opened as the log comes to them. In memory are those that are under way at
 * the same time, and a line for each of the others. Codes ARCHIVE_DAMAGED, ARCHIVE_UNAVAILABLE.
 */
export async function* archivedLog(store: ArchiveStore): CommitSource {
  yield* withoutRepeats(inOrder(await beginnings(store)));
}

interface Beginning {
  readonly position: number;
  readonly unit: ArchivedUnit;
}

async function beginnings(store: ArchiveStore): Promise<readonly Beginning[]> {
  const found: Beginning[] = [];
  for await (const unit of archivedUnits(store)) {
    const { commits, left } = await unit.content();
    const [first] = commits ?? left;
    if (first !== undefined) found.push({ position: first.position, unit });
  }
  return found.toSorted((a, b) => a.position - b.position);
}

async function* inOrder(units: readonly Beginning[]): AsyncIterable<AuditedCommit> {
  const open = new OpenUnits();
  for (let next = 0; ;) {
    const beginning = units[next];
    const lowest = open.lowest();
    if (beginning !== undefined && beginning.position <= (lowest ?? Infinity)) {
      open.add(await commitsOf(beginning.unit));
      next += 1;
    } else if (lowest === undefined) return;
    else yield* open.take();
  }
}

/** A prune may come between the listing and this. */
async function commitsOf({ id, content }: ArchivedUnit): Promise<readonly AuditedCommit[]> {
  const { commits, left } = await content();
  return commits ?? prunedCommits(id, left);
}

const NO_BYTES = new Uint8Array();

/** Commits without bytes: what was kept of them. */
const prunedCommits = (id: string, unit: PrunedUnit): readonly AuditedCommit[] =>
  unit.map(({ position, writer, rev, at, prev, sha256, leaf }) => ({
    position,
    bytes: NO_BYTES,
    pruned: { stream: `${writer}.${id}`, rev, at, prev, sha256, leaf: Buffer.from(leaf, 'hex') },
  }));

/** One unit that the log has come to, and how far it was told. */
interface Cursor {
  readonly commits: readonly AuditedCommit[];
  next: number;
}

const positionOf = ({ commits, next }: Cursor): number => commits[next]?.position ?? Infinity;

/** A heap of units by the position of the next commit of each. */
class OpenUnits {
  readonly #heap: Cursor[] = [];

  lowest(): number | undefined {
    const [top] = this.#heap;
    return top === undefined ? undefined : positionOf(top);
  }

  add(commits: readonly AuditedCommit[]): void {
    this.#heap.push({ commits, next: 0 });
    for (let at = this.#heap.length - 1; at > 0;) {
      const above = (at - 1) >>> 1;
      if (!this.swapped(at, above)) return;
      at = above;
    }
  }

  /** The commit with the lowest position. */
  take(): readonly AuditedCommit[] {
    const [top] = this.#heap;
    const commit = top?.commits[top.next];
    if (top === undefined || commit === undefined) return [];
    top.next += 1;
    if (top.next === top.commits.length) {
      const last = this.#heap.pop();
      if (last !== undefined && last !== top) this.#heap[0] = last;
    }
    this.sink();
    return [commit];
  }

  private sink(): void {
    for (let at = 0; ;) {
      const left = 2 * at + 1;
      const below = this.isBelow(left + 1, left) ? left + 1 : left;
      if (below >= this.#heap.length || !this.swapped(below, at)) return;
      at = below;
    }
  }

  /** Puts them into their order: `low` comes to the place of `high` when its position is lower. */
  private swapped(low: number, high: number): boolean {
    const [a, b] = [this.#heap[low], this.#heap[high]];
    if (a === undefined || b === undefined || positionOf(a) >= positionOf(b)) return false;
    this.#heap[high] = a;
    this.#heap[low] = b;
    return true;
  }

  private isBelow(i: number, j: number): boolean {
    const [a, b] = [this.#heap[i], this.#heap[j]];
    return a !== undefined && b !== undefined && positionOf(a) < positionOf(b);
  }
}
