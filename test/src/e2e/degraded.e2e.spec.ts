import { writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

import { type Running, until } from '@sluice/demo';
import {
  haproxyMissing,
  NO_HAPROXY,
  type RunningHaproxy,
  type RunningNatsServer,
  startHaproxy,
  startNatsServer,
} from '@sluice/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { Site } from './support/site.js';

if (haproxyMissing) process.stderr.write(NO_HAPROXY);

const HOSTS = ['a-01', 'a-02', 'a-03', 'a-04'] as const;
const SERVICES = ['planner', 'executor', 'health-gate', 'notifier', 'gateway'] as const;
const MINUTE = 60_000;
/** Nobody listens there: HAProxy learns from the executor where the hosts are. */
const NOWHERE = 1;

/** What the CMDB says of the group. */
const GROUP = {
  name: 'shop',
  app: 'hello',
  environment: 'production',
  profile: { kind: 'process', command: ['node', 'server.mjs'], stopGraceMs: 2_000 },
  verify: { path: '/health', successes: 1, interval: '100ms' },
  startTimeout: '3s',
  drainWindow: '100ms',
  balancer: { name: 'main', backend: 'hello' },
  members: HOSTS,
  version: 1,
} as const;

interface Row {
  readonly id: string;
  readonly strategy: string;
}

interface Dependency {
  readonly name: string;
  readonly passage: string;
  readonly breaker: string;
  readonly forced: { readonly by: { readonly id: string } } | null;
}

describe.skipIf(haproxyMissing)('a site whose surroundings go away (skipped without haproxy)', () => {
  const running = new Map<string, Running>();
  let site: Site;
  let nats: RunningNatsServer;
  let haproxy: RunningHaproxy;
  let cmdb: Server;

  const start = (name: string): void => void running.set(name, site.service(name));

  async function kill(name: string): Promise<void> {
    running.get(name)?.kill('SIGKILL');
    await running.get(name)?.exited;
  }

  /** Which hosts and versions a client of the balancer meets. */
  async function met(): Promise<string[]> {
    const seen = new Set<string>();
    for (let i = 0; i < HOSTS.length * 3; i += 1) {
      const answer = await haproxy.get();
      const { host, version } = JSON.parse(answer ?? '{}') as { host?: string; version?: string };
      seen.add(`${host} ${version}`);
    }
    return [...seen].toSorted();
  }

  async function dependency(name: string): Promise<Dependency | undefined> {
    const { stdout } = await site.cli(['dependency', 'list', '-o', 'json']);
    return (JSON.parse(stdout) as readonly Dependency[]).find((each) => each.name === name);
  }

  beforeAll(async () => {
    haproxy = await startHaproxy(HOSTS.map((name) => ({ name, port: NOWHERE })));
    cmdb = createServer((_, response) => response.end(JSON.stringify(GROUP)));
    await new Promise<void>((resolve) => cmdb.listen(0, '127.0.0.1', resolve));
    site = await Site.prepare([{ name: 'shop', app: 'hello', hosts: HOSTS }]);
    writeFileSync(site.inventoryFile, 'groups: []\n');
    site.environment = {
      SLUICE_BALANCERS: `main=haproxy+unix://${haproxy.admin}`,
      SLUICE_CMDB_URL: `http://127.0.0.1:${(cmdb.address() as AddressInfo).port}/{group}`,
    };
    nats = await startNatsServer({ port: site.natsPort, storeDir: site.path('store') });
    for (const name of SERVICES) start(name);
    await site.ready();
    await site.connected();
    await site.signIn('service:tests');
    site.startAgents(HOSTS);
    await site.api.reach(await site.roll('shop', '1.0.0'), 'succeeded');
  }, 2 * MINUTE);

  afterAll(async () => {
    cmdb.closeAllConnections();
    cmdb.close();
    await site.stop();
    await nats.stop();
    await haproxy.stop();
  }, MINUTE);

  it('XIM-07 the balancer reaches every host where its agent says it is', { timeout: MINUTE }, async () => {
    expect(await met()).toEqual(HOSTS.map((host) => `${host} 1.0.0`));
  });

  it(
    'TAR-44 C6 a rollback succeeds without load balancer, CMDB, metrics and notifier',
    { timeout: 2 * MINUTE },
    async () => {
      const bad = await site.roll('shop', '2.0.0', {
        artifact: site.artifacts.release('2.0.0', { failVerifyOn: 'all' }),
      });
      await site.api.reach(bad, 'braked');
      expect((await met()).length, 'what failed was taken out').toBe(2);
      await haproxy.kill();
      cmdb.closeAllConnections();
      cmdb.close();
      await Promise.all([kill('health-gate'), kill('notifier')]);
      await site.api.say(bad, 'rollback', { reason: 'everything is down' });
      const back = await until('the rollback is planned', async () => {
        const page = await site.api.get<{ items: readonly Row[] }>('/v1/rollouts?group=shop');
        return page?.items.find(({ strategy }) => strategy === 'rollback')?.id;
      });
      await site.api.reach(back, 'succeeded');
      expect(await Promise.all(HOSTS.map((host) => site.runs(host, 'hello')))).toEqual(HOSTS.map(() => '1.0.0'));
      const skipped = (await site.api.events(back)).filter(({ type }) => type === 'DrainSkipped');
      expect(skipped.length, 'drain and enable of two hosts').toBe(4);
    },
  );

  it(
    'TAR-41 a rollout that requires the balancer brakes, and goes on when it is back',
    { timeout: 2 * MINUTE },
    async () => {
      for (const name of ['health-gate', 'notifier']) start(name);
      const id = await site.roll('shop', '3.0.0');
      await site.api.reach(id, 'braked');
      const brakes = (await site.api.events(id)).filter(({ type }) => type === 'RolloutBraked');
      expect(JSON.stringify(brakes)).toContain('main is required and down');
      expect(await Promise.all(HOSTS.map((host) => site.runs(host, 'hello')))).toEqual(HOSTS.map(() => '1.0.0'));
      expect((await dependency('main'))?.breaker).not.toBe('closed');
      await haproxy.start();
      await until('it went to its end', async () => {
        const state = (await site.api.rollout(id))?.state;
        if (state === 'braked') await site.api.say(id, 'resume', { reason: 'it is back' }).catch(() => undefined);
        return state === 'succeeded' ? state : undefined;
      });
      expect(await met()).toEqual(HOSTS.map((host) => `${host} 3.0.0`));
      expect(await dependency('main')).toMatchObject({ passage: 'closed', breaker: 'closed' });
    },
  );

  it('TAR-43 one command forces a dependency open, by name and until then', { timeout: MINUTE }, async () => {
    const forced = await site.cli(['dependency', 'force', 'cmdb', '--for', '15m', '--reason', 'it is down']);
    expect(forced, forced.stderr).toMatchObject({ code: 0 });
    await until('it is listed', async () => {
      const cmdbNow = await dependency('cmdb');
      return cmdbNow?.passage === 'open' && cmdbNow.forced?.by.id === 'tests' ? cmdbNow : undefined;
    });
    const early = await site.cli(['dependency', 'force', 'cmdb', '--for', '25h', '--reason', 'x']);
    expect(early.code).not.toBe(0);
    expect(await site.cli(['dependency', 'release', 'cmdb', '--reason', 'done'])).toMatchObject({ code: 0 });
  });
});
