import { until } from '@sluice/demo';
import { type FakeKurrentDb, startFakeKurrentDb } from '@sluice/testing';
import { afterAll, beforeAll, expect, it } from 'vitest';

import { logCounts } from './support/log.js';
import { Site } from './support/site.js';

const HOSTS = ['a-01', 'a-02'] as const;

let database: FakeKurrentDb;
let site: Site;

beforeAll(async () => {
  database = await startFakeKurrentDb({ batch: true });
  site = await Site.prepare([{ name: 'shop', app: 'hello', hosts: HOSTS }]);
  site.environment = { SLUICE_LOG: database.url };
}, 60_000);
afterAll(async () => {
  await site.stop();
  await database.stop();
}, 30_000);

it('a fleet is rolled with the log on KurrentDB, and a killed `sluice up` goes on from it', async () => {
  const first = await site.up();
  site.startAgents(HOSTS);
  await site.api.reach(await site.roll('shop', '1.0.0'), 'succeeded');
  const id = await site.roll('shop', '2.0.0', { batches: '50%', interval: '2s' });
  await until('a batch was admitted', async () =>
    (await site.api.events(id)).some(({ type }) => type === 'TargetsAdmitted') ? true : undefined,
  );
  first.kill('SIGKILL');
  await first.exited;
  await site.up();
  await site.api.reach(id, 'succeeded');
  expect(await Promise.all(HOSTS.map((host) => site.runs(host, 'hello')))).toEqual(['2.0.0', '2.0.0']);
  expect((await site.api.events(id)).map(({ type }) => type)).toContain('RolloutSucceeded');
  const inDatabase = database.store.all.filter(({ stream }) => stream.includes(id));
  expect(inDatabase.length).toBeGreaterThan(3);
  expect([...(await logCounts(site.nats)).values()]).toEqual([]);
});
