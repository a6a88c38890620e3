import type { WeightDocument } from '@sluice/contracts';
import { haproxyMissing, NO_HAPROXY, type RunningHaproxy, startHaproxy } from '@sluice/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { directly, MemoryWeights } from '../traffic/shifting.suite.js';
import { PublishedWeights } from '../traffic/weights.js';
import { type Backend, codeOf, eventually, startBackend } from './haproxy.suite.js';
import { askHaproxy } from './haproxy-socket.js';
import { HaproxyWeights } from './haproxy-weights.js';

if (haproxyMissing) process.stderr.write(NO_HAPROXY);

const documentOf = (green: number): WeightDocument => ({
  v: 1,
  group: 'shop',
  version: 1,
  weights: { blue: 100 - green, green },
  rolloutId: null,
  since: 0,
});

const place = (rev: number) => ({
  group: 'shop',
  rollout: 'r00-1',
  token: 1,
  rev,
  by: 'rita',
  publish: [{ publisher: 'edge', backend: 'hello' }],
});

describe.skipIf(haproxyMissing)('weights at a real HAProxy (skipped without haproxy)', () => {
  let apps: Backend[];
  let haproxy: RunningHaproxy;
  let edge: HaproxyWeights;

  beforeAll(async () => {
    apps = await Promise.all(['blue-1', 'blue-2', 'blue_3', 'green'].map(startBackend));
    haproxy = await startHaproxy(apps);
    edge = new HaproxyWeights({ path: haproxy.admin });
  });

  afterAll(async () => {
    await haproxy.stop();
    await Promise.all(apps.map((app) => app.stop()));
  });

  const percentOfGreen = async (requests: number): Promise<number> => {
    let green = 0;
    for (let i = 0; i < requests; i += 1) if ((await haproxy.get()) === 'green') green += 1;
    return (100 * green) / requests;
  };

  it('STR-12 requests follow the weights from the next one on, however many servers a side has', async () => {
    for (const [weight, least, most] of [
      [5, 2, 8],
      [50, 45, 55],
      [100, 100, 100],
      [0, 0, 0],
      [25, 21, 29],
    ] as const) {
      await edge.publish('hello', documentOf(weight));
      const share = await percentOfGreen(200);
      expect(share, `at ${weight}`).toBeGreaterThanOrEqual(least);
      expect(share, `at ${weight}`).toBeLessThanOrEqual(most);
    }
  });

  it('SWB-07 a side without weight ends what is under way there and gets nothing new', async () => {
    await edge.publish('hello', documentOf(100));
    const slow = haproxy.get('/slow');
    const show = (): Promise<string> => askHaproxy({ path: haproxy.admin }, 'show stat hello 4 -1');
    await eventually(async () => expect(await show()).toMatch(/^hello,green,0,\d+,1,/m));
    await edge.publish('hello', documentOf(0));
    expect(await percentOfGreen(60)).toBe(0);
    for (const app of apps) app.letGo();
    expect(await slow).toBe('green');
  });

  it('SWB-10 all traffic is back after one publication, with one document', async () => {
    const store = new MemoryWeights();
    const clock = { now: () => 1, schedule: () => () => undefined };
    const weights = new PublishedWeights(store, new Map([['edge', edge]]), directly, clock);
    expect(await weights.publish(place(1), { blue: 20, green: 80 })).toEqual({ kind: 'done', value: 1 });
    expect(await percentOfGreen(50)).toBeGreaterThan(60);
    expect(await weights.publish(place(2), { blue: 100, green: 0 })).toEqual({ kind: 'done', value: 2 });
    expect(store.written.map(({ weights: each }) => each['green'])).toEqual([80, 0]);
    expect(await percentOfGreen(50)).toBe(0);
  });

  it('is refused for what HAProxy does not have, and sets nothing then', async () => {
    await edge.publish('hello', documentOf(0));
    const red = { ...documentOf(0), weights: { blue: 50, red: 50 } };
    expect(await codeOf(edge.publish('hello', red))).toBe('DEPENDENCY_REFUSED');
    expect(await codeOf(edge.publish('other', documentOf(50)))).toBe('DEPENDENCY_REFUSED');
    expect(await codeOf(edge.publish('hello; shutdown sessions', documentOf(50)))).toBe('DEPENDENCY_REFUSED');
    expect(await percentOfGreen(40)).toBe(0);
  });

  it('is told apart from one that is down', async () => {
    await haproxy.kill();
    expect(await codeOf(edge.publish('hello', documentOf(50)))).toBe('BALANCER_UNREACHABLE');
    await haproxy.start();
    await edge.publish('hello', documentOf(50));
    expect(await percentOfGreen(40)).toBeGreaterThan(30);
  });
});
