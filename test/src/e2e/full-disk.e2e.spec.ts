import { spawnSync } from 'node:child_process';
import { closeSync, mkdirSync, openSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';

import { type EventRow, pause, until } from '@sluice/demo';
import { type RunningNatsServer, startNatsServer } from '@sluice/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { begunSteps } from './support/journals.js';
import { notifications } from './support/notices.js';
import { Site } from './support/site.js';

const HOSTS = ['a-01', 'a-02', 'a-03', 'a-04'] as const;
const STEPS = ['drain', 'download', 'install', 'verify', 'enable'] as const;
const SERVICES = ['planner', 'executor', 'health-gate', 'notifier', 'gateway'] as const;
const MINUTE = 60_000;

let site: Site;
let server: RunningNatsServer;
let disk = '';
let isMounted = false;

beforeAll(async () => {
  site = await Site.prepare([{ name: 'shop', app: 'hello', hosts: HOSTS }]);
  disk = site.path('disk');
  mkdirSync(disk);
  const { status } = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=8m', 'tmpfs', disk], { stdio: 'ignore' });
  isMounted = status === 0;
  if (!isMounted) return;
  server = await startNatsServer({ port: site.natsPort, storeDir: join(disk, 'store') });
  site.environment = { SLUICE_LEASE_TIME: '3s' };
  for (const name of SERVICES) site.service(name);
  await site.ready();
  await site.connected();
  await site.signIn('service:tests');
  site.startAgents(HOSTS);
  await site.api.reach(await site.roll('shop', '1.0.0'), 'succeeded');
}, 120_000);
afterAll(async () => {
  if (isMounted) await server.stop();
  spawnSync('umount', ['-l', disk], { stdio: 'ignore' });
  await site.stop();
}, 30_000);

/** Leaves not one byte. Returns how to give the room back. */
function fill(): () => void {
  const ballast = join(disk, 'ballast');
  const file = openSync(ballast, 'w');
  try {
    for (let size = 65_536; size >= 1;) {
      try {
        writeSync(file, Buffer.alloc(size));
      } catch {
        size = Math.floor(size / 2);
      }
    }
  } finally {
    closeSync(file);
  }
  return () => rmSync(ballast);
}

describe('the disk of the nats-server is full', () => {
  it(
    'is said, loses nothing and does nothing by halves, and all goes on when there is room',
    { timeout: 4 * MINUTE },
    async (test) => {
      if (!isMounted) test.skip('this user may mount no small file system');
      const artifact = site.artifacts.release('2.0.0', { healthyAfterMs: 500 });
      const id = await site.roll('shop', '2.0.0', { batches: '25%', interval: '200ms', artifact });
      await until('one host is done and another is in its steps', async () => {
        const { done = 0, inStep = 0 } = (await site.api.rollout(id))?.counts ?? {};
        return done >= 1 && done < HOSTS.length && inStep > 0 ? true : undefined;
      });
      const giveBack = fill();
      const saying = async () =>
        /the disk of nats-server is full: make room/.test(site.output('executor')) ? true : undefined;
      await until('the executor says it', saying, MINUTE);
      // Reports of steps come in meanwhile, and cannot be written.
      await pause(4_000);
      giveBack();

      const state = async () => ((await site.api.rollout(id))?.state === 'succeeded' ? true : undefined);
      await until(`rollout ${id} has succeeded`, state, 2 * MINUTE);
      const steps = (await site.api.events(id))
        .filter(({ type }: EventRow) => type === 'StepSucceeded')
        .map(({ target, step }) => `${target} ${step}`);
      expect(steps.toSorted()).toEqual(HOSTS.flatMap((_, i) => STEPS.map((step) => `${i} ${step}`)).toSorted());
      const once = Object.fromEntries(STEPS.map((step) => [step, 1]));
      for (const host of HOSTS) expect(begunSteps(site.path('hosts', host, 'journal.jsonl'), id)).toEqual(once);
      await site.api.reach(await site.roll('shop', '3.0.0'), 'succeeded');
      const told = await notifications(site.nats);
      expect(new Set(told.map((one) => one.id)).size).toBe(told.length);
    },
  );
});
