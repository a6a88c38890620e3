import type { Hello } from '@sluice/contracts';
import { silentLog } from '@sluice/messaging';
import { VirtualClock } from '@sluice/testing';
import { describe, expect, it } from 'vitest';

import { forgetSilent } from './heartbeats.js';
import { type InventoryChange, InventoryStore } from './store.js';

const HOUR = 3_600_000;

function hello(host: string): Hello {
  const app = { app: 'hello', group: 'web', running: '1.0.0', processStartedAt: null, serving: true };
  const agent = { version: '1', startedAt: 0 };
  return { v: 1, host, at: 0, agent, labels: {}, apps: [{ ...app, endpoint: null, localVersions: [] }] };
}

describe('hosts that only heartbeats tell of', () => {
  it('leave the inventory when they have been silent for longer than their life, and nobody else does', async () => {
    const changes: InventoryChange[] = [];
    const store = new InventoryStore((change) => changes.push(change));
    const clock = new VirtualClock();
    store.define(
      'file',
      { group: { name: 'web', app: 'hello', environment: 'test' }, members: [{ host: 'defined' }], version: undefined },
      'replace',
      clock.now(),
    );
    const service = forgetSilent(store, 2 * HOUR, clock, silentLog);
    const hosts = async () => (await store.members('web')).map(({ entry }) => entry.host);
    for (const host of ['quiet', 'speaks', 'defined']) store.hear(hello(host), clock.now());
    for (let hours = 0; hours < 4; hours += 1) {
      await clock.advance(HOUR / 2);
      store.hear(hello('speaks'), clock.now());
    }
    expect(await hosts()).toEqual(['defined', 'quiet', 'speaks']);
    await clock.advance(120_000);
    expect(await hosts()).toEqual(['defined', 'speaks']);
    expect(changes.at(-1)).toEqual({ key: expect.stringContaining('quiet'), record: undefined });
    await clock.advance(3 * HOUR);
    expect(await hosts()).toEqual(['defined']);
    await service.stop();
  });

  it('are not given up for the time in which no planner listened', async () => {
    const store = new InventoryStore();
    const clock = new VirtualClock();
    store.hear(hello('stored'), clock.now());
    await clock.advance(10 * HOUR);
    const service = forgetSilent(store, 2 * HOUR, clock, silentLog);
    await clock.advance(HOUR);
    expect((await store.members('web')).length).toBe(1);
    await service.stop();
  });
});
