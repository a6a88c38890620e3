import { Kvm } from '@nats-io/kv';
import type { NatsConnection } from '@nats-io/nats-core';
import { BUCKETS, encodeToken, parseWeightDocument, type WeightDocument } from '@sluice/contracts';
import { connectNats, provision } from '@sluice/messaging';
import { systemClock } from '@sluice/observability';
import { type RunningNatsServer, startNatsServer } from '@sluice/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { KvWeights } from './kv-weights.js';
import type { WeightsPlace } from './ports.js';
import { directly } from './shifting.suite.js';
import { PublishedWeights } from './weights.js';

describe('weights in the bucket of a real server', () => {
  let server: RunningNatsServer;
  let nats: NatsConnection;

  beforeAll(async () => {
    server = await startNatsServer();
    nats = await connectNats({ servers: server.url, name: 'weights test' });
    await provision(nats);
  });

  afterAll(async () => {
    await nats.close();
    await server.stop();
  });

  const weightsOf = () => new PublishedWeights(new KvWeights(nats), new Map(), directly, systemClock);
  const placeOf = (group: string, token: number, rev: number, by = 'executor'): WeightsPlace => ({
    ...{ group, rollout: 'r00-1', token, rev, by },
    publish: [],
  });
  const split = (green: number) => ({ blue: 100 - green, green });

  const history = async (group: string): Promise<WeightDocument[]> => {
    const kv = await new Kvm(nats).open(BUCKETS.weights);
    const found: WeightDocument[] = [];
    for await (const entry of await kv.history({ key: encodeToken(group) }))
      found.push(parseWeightDocument(entry.value));
    return found;
  };

  it('SWB-05 SWB-15 a read after a publication returns it, versions grow by one, and the history tells who moved what', async () => {
    const weights = weightsOf();
    const store = new KvWeights(nats);
    for (const [rev, green, by] of [
      [3, 5, 'executor'],
      [9, 40, 'rita'],
      [12, 0, 'ana'],
    ] as const) {
      const called = await weights.publish(placeOf('shop web', 4, rev, by), split(green));
      expect(called.kind).toBe('done');
      expect((await store.read('shop web')).document).toMatchObject({ weights: split(green), by, token: 4, rev });
    }
    const seen = (await history('shop web')).map(({ version, weights: { green }, by }) => [version, green, by]);
    expect(seen).toEqual([
      [1, 5, 'executor'],
      [2, 40, 'rita'],
      [3, 0, 'ana'],
    ]);
  });

  it('writes what is said again once, and refuses older words and older leases', async () => {
    const weights = weightsOf();
    expect(await weights.publish(placeOf('again', 2, 7), split(5))).toEqual({ kind: 'done', value: 1 });
    expect(await weightsOf().publish(placeOf('again', 2, 7), split(5))).toEqual({ kind: 'done', value: 1 });
    expect(await weights.publish(placeOf('again', 2, 6), split(50))).toMatchObject({ kind: 'failing' });
    expect(await weights.publish(placeOf('again', 1, 90), split(50))).toMatchObject({ kind: 'refused' });
    expect(await weights.publish(placeOf('again', 3, 1), split(0))).toEqual({ kind: 'done', value: 2 });
    expect(await history('again')).toHaveLength(2);
  });

  it('SWB-05 compare-and-set: of writers at once each version is of one, and the newest word stands', async () => {
    const revs = Array.from({ length: 8 }, (_, i) => i + 1);
    await Promise.all(revs.map((rev) => weightsOf().publish(placeOf('many', 1, rev), split(rev))));
    const documents = await history('many');
    expect(documents.map(({ version }) => version)).toEqual(documents.map((_, i) => i + 1));
    expect(documents.at(-1)).toMatchObject({ rev: 8, weights: split(8) });
  });

  it('follows a document that nobody can read, or that was deleted, by a larger version', async () => {
    const kv = await new Kvm(nats).open(BUCKETS.weights);
    const revision = await kv.put('odd', 'not a document');
    expect(await weightsOf().publish(placeOf('odd', 1, 1), split(5))).toEqual({ kind: 'done', value: revision + 1 });
    await kv.delete('odd');
    const called = await weightsOf().publish(placeOf('odd', 1, 2), split(0));
    expect(called).toMatchObject({ kind: 'done' });
    expect(called.kind === 'done' && called.value).toBeGreaterThan(revision + 1);
  });
});
