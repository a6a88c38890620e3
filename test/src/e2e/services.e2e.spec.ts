import type { PlanPreview } from '@sluice/contracts';
import { type EventRow, type Running, until } from '@sluice/demo';
import { type RunningNatsServer, startNatsServer } from '@sluice/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { accounts } from './support/accounts.js';
import { notifications } from './support/notices.js';
import { Site } from './support/site.js';

const HOSTS = ['a-01', 'a-02', 'a-03', 'a-04'] as const;
const SERVICES = ['planner', 'executor', 'health-gate', 'notifier', 'gateway'] as const;
const SCHEDULER = 'service:scheduler';
const MINUTE = 60_000;

let site: Site;
let server: RunningNatsServer;
const running = new Map<string, Running>();

const start = (name: string): void => void running.set(name, site.service(name));

/** SIGKILL, so that nothing is put in order; resolves when it is gone. */
async function kill(name: string): Promise<void> {
  running.get(name)?.kill('SIGKILL');
  await running.get(name)?.exited;
}

const versions = (): Promise<readonly unknown[]> => Promise.all(HOSTS.map((host) => site.runs(host, 'hello')));
const all = (version: string): readonly string[] => HOSTS.map(() => version);

/** A request as a scheduler's template makes it. */
function yaml(version: string): string {
  const { url, sha256 } = site.artifacts.release(version);
  return `app: hello\ngroup: shop\nversion: "${version}"\nartifact:\n  url: ${url}\n  sha256: ${sha256}\nbatches: 50%\nbake: 1s\ninterval: 0s\nreason: the nightly build\n`;
}

beforeAll(async () => {
  site = await Site.prepare([
    { name: 'shop', app: 'hello', hosts: HOSTS },
    { name: 'later', app: 'late', hosts: ['a-01'] },
  ]);
  // With an account for each kind of guest, as deploy/nats ships it.
  site.environment = { SLUICE_NATS_CREDENTIALS: 'sluice:pw-core' };
  site.agentEnvironment = { SLUICE_NATS_CREDENTIALS: 'agent:pw-agents' };
  server = await startNatsServer({ port: site.natsPort, storeDir: site.path('store'), configExtra: accounts() });
  for (const name of SERVICES) start(name);
  await site.ready();
  await site.connected();
  await site.signIn('service:tests');
  site.startAgents(HOSTS);
  await site.api.reach(await site.roll('shop', '1.0.0'), 'succeeded');
}, 90_000);
afterAll(async () => {
  await site.stop();
  await server.stop();
}, 30_000);

describe('every service as a process of its own', () => {
  it('TAR-06 takes a whole rollout from the outside, over HTTP and nothing else', { timeout: MINUTE }, async () => {
    const { api } = site;
    const document = yaml('2.0.0');
    const preview = await send<PlanPreview>('/v1/previews', document, 200);
    const planned = await send<{ rolloutId: string; planHash: string }>('/v1/requests', document, 201);
    const id = planned.rolloutId;
    expect(planned.planHash).toBe(preview.planHash);
    expect((await read<{ plan: object }>(`/v1/rollouts/${id}`)).plan).toEqual(preview.plan);
    expect(await send('/v1/requests', document, 200)).toMatchObject({ outcome: 'duplicate', rolloutId: id });

    await api.reach(id, 'awaiting-approval');
    const canary = { approval: 'canary', planHash: planned.planHash };
    expect(await say(id, 'approve', canary, SCHEDULER)).toMatchObject({ status: 403 });
    expect(await say(id, 'approve', { ...canary, planHash: 'ab'.repeat(32) })).toMatchObject({ status: 409 });
    expect(await say(id, 'approve', canary)).toMatchObject({ status: 200 });
    expect(await say(id, 'pause', { reason: 'lunch' })).toMatchObject({ status: 200, state: 'paused' });
    const refused = await say(id, 'approve', { ...canary, approval: 'batches' });
    expect(refused).toMatchObject({ status: 409, code: 'NOT_OFFERED', actions: expect.arrayContaining(['resume']) });
    expect(await say(id, 'resume')).toMatchObject({ status: 200 });
    await api.approve(id, 'batches', 'it baked');
    await api.reach(id, 'succeeded');

    const targets = await read<{ items: { host: string; phase: string }[] }>(`/v1/rollouts/${id}/targets`);
    expect(targets.items.map(({ host }) => host)).toEqual(preview.batches.flatMap(({ hosts }) => hosts));
    expect(new Set(targets.items.map(({ phase }) => phase))).toEqual(new Set(['done']));
    expect(await read(`/v1/rollouts/${id}/report`)).toMatchObject({ state: 'succeeded', targets: 4 });
    expect(await versions()).toEqual(all('2.0.0'));
    const types = (await api.events(id)).map(({ type }) => type);
    for (const type of ['RolloutPlanned', 'ApprovalGranted', 'RolloutPaused', 'RolloutResumed', 'RolloutSucceeded'])
      expect(types).toContain(type);

    expect(await say(id, 'rollback', { reason: 'not wanted after all' })).toMatchObject({ status: 200 });
    await api.reach(await rollbackOf(id), 'succeeded');
    expect(await versions()).toEqual(all('1.0.0'));
    expect(await read('/v1/groups/shop')).toMatchObject({ blocked: [{ version: '2.0.0' }] });
  });

  it(
    'XIM-01 XIM-02 is driven by a program in its own name, through the command line',
    { timeout: MINUTE },
    async () => {
      const scheduler = (...args: string[]) => site.cli(['--actor', SCHEDULER, ...args], yaml('2.1.0'));
      const preview = await scheduler('-o', 'json', 'preview', '-');
      expect(preview.code).toBe(0);
      const asked = await scheduler('-o', 'json', 'request', '-', '--wait');
      expect(asked.code, asked.stderr).toBe(7);
      const { id, planHash } = JSON.parse(asked.stdout) as { id: string; planHash: string };
      expect(planHash).toBe((JSON.parse(preview.stdout) as PlanPreview).planHash);

      expect(await scheduler('approve', id)).toMatchObject({ code: 4, stderr: expect.stringMatching(/NOT_ALLOWED/) });
      expect(await scheduler('resume', id)).toMatchObject({
        code: 5,
        stderr: expect.stringMatching(/possible now: .*pause/),
      });
      expect(await scheduler('get', 'r07-0123456789ABCDEFGHJKMNPQRS')).toMatchObject({ code: 3 });
      expect(await scheduler('approve')).toMatchObject({ code: 2 });
      expect(await site.cli(['--actor', 'user:bo', 'approve', id, '--wait'])).toMatchObject({ code: 7 });
      expect(await site.cli(['--actor', 'service:judge', 'approve', id, '--wait'])).toMatchObject({ code: 0 });
      expect(await versions()).toEqual(all('2.1.0'));

      const history = await scheduler('history', id);
      for (const name of ['scheduler', 'bo', 'judge']) expect(history.stdout).toContain(name);
      const { plan } = JSON.parse((await scheduler('-o', 'json', 'get', id)).stdout) as { plan: object };
      expect(plan).toMatchObject({ requestedBy: { id: 'scheduler', kind: 'service' } });
      expect(await scheduler('watch', id)).toMatchObject({ code: 0 });
      expect(await scheduler('rollback', id, '--wait', '--reason', 'a policy says so')).toMatchObject({ code: 0 });
      expect(await versions()).toEqual(all('1.0.0'));
    },
  );
});

describe('in the middle of a rollout', () => {
  it(
    'planner, health-gate, notifier and gateway are killed with -9: all is planned and told once',
    { timeout: 90_000 },
    async () => {
      const id = await midway('3.0.0');
      const late = { app: 'late', group: 'later', version: '1.0.0', id: 'once', strategy: 'rolling' };
      const sent = { ...late, artifact: site.artifacts.release('1.0.0') };
      const before = [1, 2, 3].map(() => site.send(sent));
      const victims = SERVICES.filter((name) => name !== 'executor');
      await Promise.all([...before, ...victims.map(kill)]);
      for (let i = 0; i < 3; i += 1) await site.send(sent);
      victims.forEach(start);
      await site.ready();
      await ended(id);
      const second = await until('the late request is planned', async () => (await rolloutsOf('later'))[0]);
      await ended(second);
      expect(await rolloutsOf('later')).toEqual([second]);
      expect(await versions()).toEqual(all('3.0.0'));
      await toldOnce([id, second]);
    },
  );

  it(
    'the nats-server is killed with -9 and started again on its store: everything goes on',
    { timeout: 90_000 },
    async () => {
      const id = await midway('4.0.0');
      await server.kill();
      await server.restart();
      await ended(id);
      expect(await versions()).toEqual(all('4.0.0'));
      await toldOnce([id]);
      expect(await site.api.reach(await site.roll('later', '4.0.0'), 'succeeded')).toMatchObject({
        counts: { done: 1 },
      });
    },
  );
});

/** Starts a rollout in four batches and resolves when one host is done and another is in its steps. */
async function midway(version: string): Promise<string> {
  const artifact = site.artifacts.release(version, { healthyAfterMs: 500 });
  const id = await site.roll('shop', version, { batches: '25%', interval: '200ms', artifact });
  await until('one host is done and another is in its steps', async () => {
    const { done = 0, inStep = 0 } = (await site.api.rollout(id))?.counts ?? {};
    return done >= 1 && done < HOSTS.length && inStep > 0 ? true : undefined;
  });
  return id;
}

async function ended(id: string): Promise<void> {
  const state = async (): Promise<true | undefined> =>
    (await site.api.rollout(id))?.state === 'succeeded' ? true : undefined;
  await until(`rollout ${id} has succeeded`, state, MINUTE);
}

async function rolloutsOf(group: string): Promise<readonly string[]> {
  return (await read<{ items: { id: string }[] }>(`/v1/rollouts?group=${group}`)).items.map(({ id }) => id);
}

const rollbackOf = (id: string): Promise<string> =>
  until(`a rollback of ${id}`, async () => {
    const page = await read<{ items: { id: string; rollbackOf?: string }[] }>('/v1/rollouts?group=shop');
    return page.items.find((item) => item.rollbackOf === id)?.id;
  });

/** What must be told of an event, by its type. */
const TOLD: Readonly<Record<string, string>> = {
  RolloutPlanned: 'sluice.rollout.planned.v1',
  RolloutStarted: 'sluice.rollout.started.v1',
  StagePassed: 'sluice.rollout.stage-passed.v1',
  RolloutSucceeded: 'sluice.rollout.succeeded.v1',
};

/** Steps are recorded once, and what a person should know of the rollouts is told exactly once, in order. */
async function toldOnce(ids: readonly string[]): Promise<void> {
  const told = await until('all is told', async () => {
    const now = await notifications(site.nats);
    const last = ids.every((id) =>
      now.some(({ subject, type }) => subject === id && type === TOLD['RolloutSucceeded']),
    );
    return last ? now : undefined;
  });
  expect(new Set(told.map(({ id }) => id)).size).toBe(told.length);
  for (const rollout of ids) {
    const events = await site.api.events(rollout);
    const mine = told.filter(({ subject }) => subject === rollout).map(({ type }) => type);
    expect(mine).toEqual(events.flatMap(({ type }) => TOLD[type] ?? []));
    const steps = events
      .filter(({ type }: EventRow) => type === 'StepSucceeded')
      .map(({ target, step }) => `${target} ${step}`);
    expect(steps.length).toBe(new Set(steps).size);
  }
}

async function read<T>(path: string): Promise<T> {
  const answer = await site.api.get<T>(path);
  if (answer === undefined) throw new Error(`GET ${path} failed`);
  return answer;
}

async function send<T>(path: string, body: string, status: number): Promise<T> {
  const headers = { ...site.headers, 'content-type': 'application/yaml', 'x-sluice-actor': SCHEDULER };
  const response = await fetch(site.url + path, { method: 'POST', headers, body });
  const answer = (await response.json()) as T;
  expect(response.status, JSON.stringify(answer)).toBe(status);
  return answer;
}

async function say(id: string, command: string, body: object = {}, actor = 'user:ana'): Promise<object> {
  const headers = { ...site.headers, 'content-type': 'application/json', 'x-sluice-actor': actor };
  const path = `/v1/rollouts/${id}/commands/${command}`;
  const response = await fetch(site.url + path, { method: 'POST', headers, body: JSON.stringify(body) });
  return { status: response.status, ...((await response.json()) as object) };
}
