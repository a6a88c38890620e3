import { shardOfGroup } from '@sluice/contracts';
import { type EventRow, type Running, until } from '@sluice/demo';
import { type RunningNatsServer, startNatsServer } from '@sluice/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { begunSteps } from './support/journals.js';
import { shardOwners } from './support/leases.js';
import { Site } from './support/site.js';

const HOSTS = ['a-01', 'a-02', 'a-03', 'a-04'] as const;
const STEPS = ['drain', 'download', 'install', 'verify', 'enable'] as const;
const SHARD = shardOfGroup('shop');
const MINUTE = 60_000;

let site: Site;
let server: RunningNatsServer;
const executors = new Map<number, Running>();
let started = 0;

/** Resolves when it is one of those who share the shards. */
async function startExecutor(): Promise<Running> {
  started += 1;
  const running = site.service('executor', `executor-${started}`);
  executors.set(running.pid, running);
  await until('it drives shards', async () =>
    [...(await owners()).values()].includes(running.pid) ? true : undefined,
  );
  return running;
}

const owners = () => shardOwners(site.nats);

/** The executor that drives the group's shard, once there is one that `is` it. */
const owner = (is: (pid: number) => boolean = () => true): Promise<Running> =>
  until('an executor drives the shard', async () => {
    const pid = (await owners()).get(SHARD);
    return pid !== undefined && is(pid) ? executors.get(pid) : undefined;
  });

beforeAll(async () => {
  site = await Site.prepare([{ name: 'shop', app: 'hello', hosts: HOSTS }]);
  site.environment = { SLUICE_LEASE_TIME: '2s' };
  server = await startNatsServer({ port: site.natsPort, storeDir: site.path('store') });
  for (const name of ['planner', 'health-gate', 'gateway']) site.service(name);
  await site.ready();
  await site.connected();
  await site.signIn('service:tests');
  for (let i = 0; i < 3; i += 1) await startExecutor();
  site.startAgents(HOSTS);
  await succeeded(await site.roll('shop', '1.0.0'));
}, 90_000);
afterAll(async () => {
  for (const running of executors.values()) running.kill('SIGCONT');
  await site.stop();
  await server.stop();
}, 30_000);

describe('three executors', () => {
  it('XIM-10 the owner is killed with -9 in mid batch: another one goes on', { timeout: MINUTE }, async () => {
    const id = await midway('2.0.0');
    const victim = await owner();
    victim.kill('SIGKILL');
    await victim.exited;
    const heir = await owner((pid) => pid !== victim.pid);
    expect(heir.pid).not.toBe(victim.pid);
    await ended(id);
    await startExecutor();
  });

  it('XIM-10 the owner is stopped and wakes up in the middle of it: it does nothing', { timeout: MINUTE }, async () => {
    const id = await midway('3.0.0', '500ms');
    const zombie = await owner();
    zombie.kill('SIGSTOP');
    await owner((pid) => pid !== zombie.pid);
    // The server has not noticed yet that one of three does not answer.
    await site.api.say(id, 'pause', { reason: 'is anybody there?' });
    await site.api.say(id, 'resume');
    zombie.kill('SIGCONT');
    await ended(id);
    await until('it has a share again', async () =>
      [...(await owners()).values()].includes(zombie.pid) ? true : undefined,
    );
  });

  it('the owner is told to end: another one has the shard before it is gone', { timeout: MINUTE }, async () => {
    const id = await midway('4.0.0');
    const leaver = await owner();
    leaver.kill('SIGTERM');
    expect(await leaver.exited).toBe(0);
    expect([...(await owners()).values()]).not.toContain(leaver.pid);
    await ended(id);
  });
});

/** Starts a rollout in four batches and resolves when one host is done and another is in its steps. */
async function midway(version: string, interval = '200ms'): Promise<string> {
  const artifact = site.artifacts.release(version, { healthyAfterMs: 500 });
  const id = await site.roll('shop', version, { batches: '25%', interval, artifact });
  await until('one host is done and another is in its steps', async () => {
    const { done = 0, inStep = 0 } = (await site.api.rollout(id))?.counts ?? {};
    return done >= 1 && done < HOSTS.length && inStep > 0 ? true : undefined;
  });
  return id;
}

async function succeeded(id: string): Promise<void> {
  const state = async (): Promise<true | undefined> =>
    (await site.api.rollout(id))?.state === 'succeeded' ? true : undefined;
  await until(`rollout ${id} has succeeded`, state, MINUTE);
}

/** It ends well, and neither the log nor the journal of any agent has a step twice. */
async function ended(id: string): Promise<void> {
  await succeeded(id);
  const steps = (await site.api.events(id))
    .filter(({ type }: EventRow) => type === 'StepSucceeded')
    .map(({ target, step }) => `${target} ${step}`);
  expect(steps.toSorted()).toEqual(HOSTS.flatMap((_, i) => STEPS.map((step) => `${i} ${step}`)).toSorted());
  const once = Object.fromEntries(STEPS.map((step) => [step, 1]));
  for (const host of HOSTS) expect(begunSteps(site.path('hosts', host, 'journal.jsonl'), id)).toEqual(once);
}
