import { type KV, type KvEntry, Kvm } from '@nats-io/kv';
import type { NatsConnection } from '@nats-io/nats-core';
import { BUCKETS, encodeToken, parseWeightDocument, type WeightDocument } from '@sluice/contracts';
import { isWrongLastSequence, translateNatsError } from '@sluice/messaging';

import type { StoredWeights, WeightStore } from './weights.js';

/** The bucket of weights. The last versions of each group stay in it as its history. */
export class KvWeights implements WeightStore {
  private bucket: Promise<KV> | undefined;

  constructor(private readonly nats: NatsConnection) {}

  async read(group: string): Promise<StoredWeights> {
    const entry = await this.use((kv) => kv.get(encodeToken(group)));
    if (entry === null) return { document: undefined, version: 0, revision: 0 };
    const document = documentOf(entry);
    // No version of a group is above its place in the bucket: what cannot be read is followed by a larger one.
    return { document, version: document?.version ?? entry.revision, revision: entry.revision };
  }

  async replace(document: WeightDocument, revision: number): Promise<boolean> {
    try {
      await this.use((kv) => kv.put(encodeToken(document.group), JSON.stringify(document), { previousSeq: revision }));
      return true;
    } catch (error) {
      if (isWrongLastSequence(error)) return false;
      throw error;
    }
  }

  private async use<T>(act: (kv: KV) => Promise<T>): Promise<T> {
    try {
      this.bucket ??= new Kvm(this.nats).open(BUCKETS.weights);
      return await act(await this.bucket);
    } catch (error) {
      if (isWrongLastSequence(error)) throw error;
      this.bucket = undefined;
      throw translateNatsError(error, `use the bucket ${BUCKETS.weights}`);
    }
  }
}

function documentOf(entry: KvEntry): WeightDocument | undefined {
  try {
    return entry.operation === 'PUT' ? parseWeightDocument(entry.value) : undefined;
  } catch {
    return undefined;
  }
}
