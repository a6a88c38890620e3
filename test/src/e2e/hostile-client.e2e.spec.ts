import { readFileSync } from 'node:fs';

import { createInbox } from '@nats-io/nats-core';
import { ALL_SHARDS, type CommandAggregate, type Hello, SUBJECTS } from '@sluice/contracts';
import { type Running, until } from '@sluice/demo';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { Site } from './support/site.js';

const MIB = 1024 * 1024;
const HOST = 'a-01';
/** Whoever holds on to what is thrown at it does not live long with that. */
const HEAP_MIB = 256;
/** Beside the heap: code, buffers of sockets, what the allocator keeps. */
const RSS_MIB = 700;

let site: Site;
let up: Running;

beforeAll(async () => {
  site = await Site.prepare([{ name: 'shop', app: 'hello', hosts: [HOST] }]);
  site.environment = { NODE_OPTIONS: `--max-old-space-size=${HEAP_MIB}`, SLUICE_LOG_LEVEL: 'error' };
  up = await site.up();
  site.startAgents([HOST]);
  await site.api.reach(await site.roll('shop', '1.0.0'), 'succeeded');
}, 90_000);
afterAll(() => site.stop(), 30_000);

function residentMiB(): number {
  const kib = /VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${up.pid}/status`, 'utf8'))?.[1];
  return Number(kib) / 1024;
}

/** Throws it all at NATS, as fast as the server takes it; answers go to an inbox that nobody reads. */
async function flood(
  count: number,
  message: (i: number) => readonly [subject: string, payload: string],
): Promise<void> {
  const reply = createInbox();
  for (let i = 0; i < count; i += 1) {
    const [subject, payload] = message(i);
    site.nats.publish(subject, payload, { reply });
    if (payload.length > 100_000 || i % 200 === 0) await site.nats.flush();
  }
  await site.nats.flush();
}

const hello = (host: string, group: string): Hello => ({
  ...{ v: 1, host, at: 1, agent: { version: '1', startedAt: 1 }, labels: { rack: 'r1' } },
  apps: [
    {
      ...{ app: 'hello', group, running: '1.0.0', processStartedAt: 1 },
      ...{ serving: true, endpoint: null, localVersions: [] },
    },
  ],
});

const madeUp = (i: number): string => `r07-${String(i).padStart(26, '0')}`;
const report = (i: number): object => ({
  ...{ v: 1, host: `made-up-${i}`, rollout: madeUp(i), attempt: `${madeUp(i)}/made-up-${i}/drain/1`, target: 0 },
  ...{ kind: 'roll', n: 1, token: 1, final: true, steps: [{ step: 'drain', ok: true, ms: 1 }] },
});
const command = (i: number, type: string): object => ({
  ...{ v: 1, id: `flood-${i}`, target: `made-up-${i}`, command: { type, version: '1' } },
  actor: { id: 'eve', kind: 'user' },
});

const HUGE = ['x'.repeat(MIB - 1_000), `{"a":[${'{},'.repeat(330_000)}{}]}`, '{"a":'.repeat(170_000)];
const huge = (i: number): string => HUGE[i % HUGE.length] ?? '';
const AGGREGATES: readonly CommandAggregate[] = ['rollout', 'group', 'inventory', 'plan'];
const aggregate = (i: number): CommandAggregate => AGGREGATES[i % AGGREGATES.length] ?? 'group';
const shard = (i: number) => ALL_SHARDS[i % ALL_SHARDS.length] ?? '00';

/** It lives, answers, and holds no more than it may. */
async function isWell(): Promise<void> {
  await until('the API answers', () => site.api.get('/health/ready'), 60_000);
  await until('commands are answered', async () => {
    const ask = site.nats.request(SUBJECTS.command('group'), JSON.stringify(command(0, 'block')), { timeout: 5_000 });
    return (await ask.catch(() => undefined))?.json<{ code: string }>().code === 'REASON_NEEDED' ? true : undefined;
  });
  expect(residentMiB()).toBeLessThan(RSS_MIB);
}

describe('a hostile client on NATS neither ends a service nor makes it hold what it says', { timeout: 120_000 }, () => {
  it('with heartbeats of endless made-up hosts and groups', async () => {
    await flood(10_000, (i) => [
      SUBJECTS.hello(`made-up-${i}`),
      JSON.stringify(hello(`made-up-${i}`, `group-${i % 500}`)),
    ]);
    await flood(60, (i) => [SUBJECTS.hello(`huge-${i}`), huge(i)]);
    await isWell();
  });

  it('with reports of what never was', async () => {
    await flood(10_000, (i) =>
      i % 2 === 0
        ? [SUBJECTS.report(shard(i), `made-up-${i}`), '{']
        : [SUBJECTS.report('07', `made-up-${i}`), JSON.stringify(report(i))],
    );
    await flood(60, (i) => [SUBJECTS.report(shard(i), 'huge'), huge(i)]);
    await isWell();
  });

  it('with commands for what nobody knows', async () => {
    await flood(2_500, (i) => [
      SUBJECTS.command(aggregate(i)),
      JSON.stringify(command(i, i % 3 === 0 ? 'block' : 'pause')),
    ]);
    await flood(60, (i) => [SUBJECTS.command(aggregate(i)), huge(i)]);
    await isWell();
  });

  it('and rollouts go on as if nothing had been said', async () => {
    await site.api.reach(await site.roll('shop', '2.0.0'), 'succeeded');
    expect(await site.runs(HOST, 'hello')).toBe('2.0.0');
  });
});
