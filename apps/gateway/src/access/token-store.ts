import { type KV, Kvm } from '@nats-io/kv';
import type { NatsConnection } from '@nats-io/nats-core';

import { BUCKETS } from '@sluice/contracts';
import { type Actor, SluiceError } from '@sluice/kernel';
import { isWrongLastSequence, translateNatsError } from '@sluice/messaging';

import { mintToken, type NewToken, type TokenRecord } from './token.js';

/** Tokens that are kept, those taken back included. */
const MAX_TOKENS = 10_000;
const TRIES = 5;

/** Makes, lists and takes back tokens where they are kept: through the API, or on NATS directly for the first one. */
export class TokenStore {
  constructor(
    private readonly nats: NatsConnection,
    private readonly newId: () => string,
    private readonly now: () => number,
  ) {}

  /** The text is told here once and kept nowhere. Codes: TOO_MANY_TOKENS, NATS_UNAVAILABLE, STREAM_MISSING. */
  async create(wanted: NewToken): Promise<{ readonly token: string; readonly record: TokenRecord }> {
    return this.within('make a token', async (bucket) => {
      const { values } = await bucket.status();
      if (values >= MAX_TOKENS) {
        throw new SluiceError(
          'TOO_MANY_TOKENS',
          `${MAX_TOKENS} tokens are kept: delete old ones from ${BUCKETS.tokens}`,
        );
      }
      const minted = mintToken(wanted, this.newId(), this.now());
      await bucket.create(minted.record.id, JSON.stringify(minted.record));
      return minted;
    });
  }

  /** All of them, the oldest first. */
  async all(): Promise<readonly TokenRecord[]> {
    return this.within('list the tokens', async (bucket) => {
      const records: TokenRecord[] = [];
      for await (const key of await bucket.keys()) {
        const entry = await bucket.get(key);
        if (entry?.operation === 'PUT') records.push(entry.json<TokenRecord>());
      }
      return records.toSorted((a, b) => (a.id < b.id ? -1 : 1));
    });
  }

  /** Taking it back twice is taking it back once. Code NOT_FOUND. */
  async revoke(id: string, by: Actor): Promise<TokenRecord> {
    return this.within('take a token back', async (bucket) => {
      for (let tries = 1; ; tries += 1) {
        const entry = await readOne(bucket, id);
        if (entry.record.revokedAt !== null) return entry.record;
        const record: TokenRecord = { ...entry.record, revokedAt: this.now(), revokedBy: by };
        try {
          await bucket.update(id, JSON.stringify(record), entry.revision);
          return record;
        } catch (error) {
          if (tries === TRIES || !isWrongLastSequence(error)) throw error;
        }
      }
    });
  }

  private async within<T>(doing: string, act: (bucket: KV) => Promise<T>): Promise<T> {
    try {
      return await act(await new Kvm(this.nats).open(BUCKETS.tokens));
    } catch (error) {
      throw translateNatsError(error, doing, BUCKETS.tokens);
    }
  }
}

async function readOne(bucket: KV, id: string): Promise<{ record: TokenRecord; revision: number }> {
  const entry = /^[0-9A-Z]{26}$/.test(id) ? await bucket.get(id) : null;
  if (entry === null || entry.operation !== 'PUT') {
    throw new SluiceError(
      'NOT_FOUND',
      `there is no token ${id.slice(0, 60)}: \`sluice token list\` shows those that there are`,
    );
  }
  return { record: entry.json<TokenRecord>(), revision: entry.revision };
}
