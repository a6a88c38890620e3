import { until } from '@sluice/demo';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { processesOf } from './support/leftovers.js';
import { Site } from './support/site.js';

const HOSTS = ['a-01', 'a-02', 'a-03', 'a-04'] as const;

let site: Site;

beforeEach(async () => {
  site = await Site.prepare([{ name: 'shop', app: 'hello', hosts: HOSTS }]);
});
afterEach(() => site.stop(), 30_000);

const natsServers = async (): Promise<readonly string[]> =>
  (await processesOf(site.path('data'))).map(({ command }) => command).filter((command) => command.includes('nats'));

describe('sluice up', () => {
  it('stopped in mid-rollout goes on when it is started again on the same folder', { timeout: 90_000 }, async () => {
    const first = await site.up();
    site.startAgents(HOSTS);
    await site.api.reach(await site.roll('shop', '1.0.0'), 'succeeded');
    const slow = site.artifacts.release('2.0.0', { healthyAfterMs: 500 });
    const id = await site.roll('shop', '2.0.0', { batches: '25%', interval: '300ms', artifact: slow });
    const atStop = await until('one host is done and another is in its steps', async () => {
      const rollout = await site.api.rollout(id);
      const { done = 0, inStep = 0 } = rollout?.counts ?? {};
      return done >= 1 && done < HOSTS.length && inStep > 0 ? rollout : undefined;
    });
    first.kill('SIGTERM');
    expect(await first.exited).toBe(0);
    expect(await natsServers()).toEqual([]);

    await site.up();
    expect((await site.api.rollout(id))?.planHash).toBe(atStop.planHash);
    await site.api.reach(id, 'succeeded');
    expect(await Promise.all(HOSTS.map((host) => site.runs(host, 'hello')))).toEqual(HOSTS.map(() => '2.0.0'));
    const steps = (await site.api.events(id)).filter(({ type }) => type === 'StepSucceeded');
    expect(steps.map(({ target, step }) => `${target} ${step}`).toSorted()).toEqual(
      HOSTS.flatMap((_, i) => ['download', 'drain', 'enable', 'install', 'verify'].map((step) => `${i} ${step}`)),
    );
  });

  it(
    'is refused a folder that another one serves, which goes on; a Ctrl-C leaves no nats-server',
    { timeout: 60_000 },
    async () => {
      const first = await site.up();
      const second = site.startUp('second', ['--http-port', '0', '--nats-port', '0']);
      expect(await second.exited).toBe(1);
      expect(site.output('second')).toMatch(/ALREADY_UP: process \d+ serves .* already: stop it first/);
      await site.api.ready();
      expect((await natsServers()).length).toBeGreaterThan(0);
      first.kill('SIGINT');
      expect(await first.exited).toBe(0);
      expect(await processesOf(site.path('data'))).toEqual([]);
    },
  );
});
