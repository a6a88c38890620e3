import { type TokenRecord, type TokenView, viewOf } from './token.js';

/** Tokens as their bucket tells them, in memory: who may call is known without asking NATS. */
export class KnownTokens {
  private readonly records = new Map<string, TokenRecord>();
  private synced = false;
  private readonly waiting = new Set<() => void>();

  /** `record` undefined: it was deleted. A record that is none of ours is left out. */
  put(id: string, record: unknown): void {
    if (isRecord(record) && record.id === id) this.records.set(id, record);
    else this.records.delete(id);
  }

  /** From now on what is not here does not exist. Until then nobody is let in for want of tokens. */
  markSynced(): void {
    this.synced = true;
    for (const tell of this.waiting) tell();
    this.waiting.clear();
  }

  get isSynced(): boolean {
    return this.synced;
  }

  whenSynced(): Promise<void> {
    return this.synced ? Promise.resolve() : new Promise((resolve) => this.waiting.add(resolve));
  }

  /** Taken back and expired ones too. */
  get size(): number {
    return this.records.size;
  }

  find(id: string): TokenRecord | undefined {
    return this.records.get(id);
  }

  /** The oldest first; those after `after`, at most `limit`. */
  list(
    after: string | undefined,
    limit: number,
  ): { readonly items: readonly TokenView[]; readonly next: string | undefined } {
    const ids = [...this.records.keys()].toSorted().filter((id) => after === undefined || id > after);
    const items = ids.slice(0, limit).flatMap((id) => {
      const record = this.records.get(id);
      return record === undefined ? [] : [viewOf(record)];
    });
    return { items, next: ids.length > limit ? items.at(-1)?.id : undefined };
  }
}

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null;

function isRecord(value: unknown): value is TokenRecord {
  if (!isObject(value) || value['v'] !== 1 || !isObject(value['subject'])) return false;
  const { id, sha256, grants } = value;
  return typeof id === 'string' && /^[0-9a-f]{64}$/.test(String(sha256)) && Array.isArray(grants);
}
