/** One record of the fake database: bytes, where they stand, and what the writer called them. */
export interface FakeRecord {
  readonly stream: string;
  readonly revision: number;
  readonly position: number;
  readonly id: string;
  readonly type: string;
  readonly metadata: Uint8Array;
  readonly data: Uint8Array;
}

export type ProposedRecord = Pick<FakeRecord, 'id' | 'type' | 'metadata' | 'data'>;

/** What an append finds: `any` never conflicts, -1 wants a stream that nobody has written. */
export type ExpectedRevision = number | 'any';

export type FakeAppend =
  | { readonly kind: 'written'; readonly record: FakeRecord }
  /** The same event stands already behind the expected revision: answered without a position, as the real one may. */
  | { readonly kind: 'repeated'; readonly revision: number }
  | { readonly kind: 'conflict'; readonly current: number };

/**
 * What KurrentDB does with records, in memory: revisions per stream from 0, positions in one file that grow by the size
 * of the record (so they are neither dense nor small), idempotence by event id at its own place, and reads that refuse
 * a position at which no record begins.
 */
export class FakeStore {
  readonly all: FakeRecord[] = [];
  readonly #streams = new Map<string, FakeRecord[]>();
  readonly #byPosition = new Set<number>();
  readonly #waiting = new Set<() => void>();
  #end = 1_000;

  append(stream: string, expected: ExpectedRevision, proposed: ProposedRecord): FakeAppend {
    const records = this.#streams.get(stream) ?? [];
    const current = records.length - 1;
    const at = expected === 'any' ? current : expected;
    if (records[at + 1]?.id === proposed.id) return { kind: 'repeated', revision: at + 1 };
    if (at !== current) return { kind: 'conflict', current };
    const record = { ...proposed, stream, revision: current + 1, position: this.#end };
    this.#end += 180 + proposed.data.length;
    records.push(record);
    this.#streams.set(stream, records);
    this.#byPosition.add(record.position);
    this.all.push(record);
    for (const wake of [...this.#waiting]) wake();
    return { kind: 'written', record };
  }

  stream(name: string): readonly FakeRecord[] | undefined {
    return this.#streams.get(name);
  }

  /** Whether a read may begin there: at a record, or where the next one will stand. */
  isBoundary(position: number): boolean {
    return this.#byPosition.has(position) || position === this.#end;
  }

  /** Calls back after each append until the answer is called. */
  onAppend(wake: () => void): () => void {
    this.#waiting.add(wake);
    return () => void this.#waiting.delete(wake);
  }
}
