import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

import {
  type EventToAppend,
  type FleetCommand,
  rosterStreamId,
  type RosterEvent,
  shardOfGroup,
  type StreamHead,
  EMPTY_HEAD,
  type VariableEvent,
  variableStreamId,
} from '@sluice/contracts';
import { decideRoster, decideVariable, evolveFleet, evolveVariable, initialFleet } from '@sluice/variable';
import { JetStreamEventLog } from '@sluice/event-log';
import { newUlid } from '@sluice/observability';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';

import { Harness } from '../harness.suite.js';

const curl = async (...args: string[]): Promise<string> =>
  (await promisify(execFile)('curl', ['--silent', '--show-error', '--max-time', '20', ...args])).stdout;

const CLIENT = fileURLToPath(new URL('../../../../examples/desired-state/pull.sh', import.meta.url));
const PATIENT = { timeout: 30_000, interval: 20 };
const DAY_MS = 86_400_000;
const BY = { id: 'ana', kind: 'user' } as const;

/** Does what the executor does with a fleet, as little of it as there has to be. */
class Owner {
  readonly fleet = initialFleet();
  private readonly heads = new Map<string, StreamHead>();

  constructor(
    private readonly log: JetStreamEventLog,
    readonly name: string,
  ) {}

  async roster(event: RosterEvent, at = Date.now()): Promise<void> {
    evolveFleet(this.fleet, event);
    await this.append(rosterStreamId(this.name), event, at);
  }

  async variable(name: string, event: VariableEvent, at = Date.now()): Promise<void> {
    evolveVariable(this.fleet, name, event, at);
    await this.append(variableStreamId(this.name, name), event, at);
  }

  async say(name: string, ...events: VariableEvent[]): Promise<void> {
    for (const event of events) await this.variable(name, event);
  }

  /** Hosts and their first values, as the log tells of them. */
  async join({ hosts }: Extract<FleetCommand, { type: 'join' }>): Promise<void> {
    const now = Date.now();
    for (const event of decideRoster(this.fleet.roster, { type: 'join', hosts })) {
      await this.roster(event, now);
      for (const name of this.fleet.variables.keys())
        for (const first of decideVariable(this.fleet, name, { type: 'joined', event }, now))
          await this.variable(name, first, now);
    }
  }

  private async append(id: string, event: RosterEvent | VariableEvent, at: number): Promise<void> {
    const stream = { shard: shardOfGroup(this.name), writer: 'variable', id } as const;
    const meta = { by: BY, cause: 'test', corr: 'test' };
    const events = [{ event, meta }] as unknown as readonly EventToAppend[];
    const head = await this.log.append(stream, this.heads.get(id) ?? EMPTY_HEAD, { id: newUlid(), at, events });
    this.heads.set(id, head);
  }
}

const defined = (name: string, from: string, to: string): VariableEvent => ({
  type: 'VariableDefined',
  version: 1,
  reason: 'a test',
  spec: { name, type: 'string', from, to, schedule: { kind: 'linear', durationMs: 14 * DAY_MS }, limits: {}, salt: '' },
});

describe('desired state over HTTP', () => {
  let harness: Harness;
  let owner: Owner;
  let joins: Record<string, unknown>[];
  let isAway = false;

  beforeAll(async () => {
    harness = await Harness.start({ commandMs: 5_000 });
    owner = new Owner(new JetStreamEventLog(harness.nats), 'default');
    await owner.roster({
      type: 'HostsJoined',
      role: 'web',
      from: 0,
      names: Array.from({ length: 10 }, (_, i) => `web-${i}`),
    });
    await owner.say('docker', defined('docker', '1.6', '1.9'));
    await owner.say('puppet', defined('puppet', '6', '7'));
    joins = [];
    harness.nats.subscribe('sluice.command.fleet', {
      queue: 'test',
      callback: (_error, message) => {
        if (isAway) return;
        const said = message.json<{ target: string; command: Extract<FleetCommand, { type: 'join' }> }>();
        joins.push(said);
        void owner
          .join(said.command)
          .then(() =>
            message.respond(JSON.stringify({ ok: true, target: said.target, state: 'open', rev: 1, actions: [] })),
          );
      },
    });
    await vi.waitFor(async () => {
      if (JSON.stringify(await desired('web-0')) !== '{"docker":"1.6","puppet":"6"}') throw new Error('not there yet');
    }, PATIENT);
  });
  afterAll(() => harness.stop());

  const desired = async (host: string, query = ''): Promise<unknown> =>
    (await harness.json(`/v1/desired-state/${host}${query}`)).body;

  it('TSU-05 TSU-15 one GET answers a flat object with the values of all variables', async () => {
    const { body, headers, status } = await harness.json('/v1/desired-state/web-1');
    expect({ status, body }).toEqual({ status: 200, body: { docker: '1.6', puppet: '6' } });
    for (const value of Object.values(body)) expect(['string', 'number', 'boolean']).toContain(typeof value);
    expect(headers.get('cache-control')).toContain('stale-if-error');
    const etag = headers.get('etag') ?? '';
    for (const path of ['/v1/desired-state/web-1', '/v1/desired-state/web-1?fleet=default&role=web']) {
      const again = await harness.fetch(path, { headers: { 'if-none-match': `W/"x", ${etag}` } });
      expect([again.status, await again.text(), again.headers.get('etag')]).toEqual([304, '', etag]);
    }
  });

  it('TSU-16 nothing but curl: the value, 304, and the change while it waits', async () => {
    const url = `${harness.gateway.url}/v1/desired-state/web-9`;
    const first = await curl('--include', url);
    expect(first).toMatch(/^HTTP\/1\.1 200 /);
    const etag = /^etag: (\S+)/im.exec(first)?.[1] ?? '';
    const seen = ['--header', `If-None-Match: ${etag}`, '--write-out', '%{http_code}'];
    expect(await curl(...seen, url)).toBe('304');
    const waiting = curl(...seen, `${url}?wait=15s`);
    await owner.say('docker', { type: 'ValuesAssigned', hosts: [9], side: 'to', rule: 'ramp' });
    expect(await waiting).toBe('{"docker":"1.9","puppet":"6"}200');
  });

  it('TSU-16 TSU-17 the client of curl and sh keeps what it has when nobody answers', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'sluice-pull-'));
    const pull = async (url: string): Promise<string> => {
      const own = {
        SLUICE_URL: url,
        SLUICE_HOST: 'web-8',
        SLUICE_ROLE: 'web',
        SLUICE_EVERY: '0',
        SLUICE_STATE: folder,
      };
      const run = promisify(execFile)('sh', [CLIENT, 'cat'], { env: { ...process.env, ...own } });
      return run.then(
        ({ stdout }) => stdout,
        () => 'failed',
      );
    };
    const kept = '{"docker":"1.6","puppet":"6"}';
    // Told once, then nothing new, then nobody is there.
    expect(await pull(harness.gateway.url)).toBe(kept);
    expect(await pull(harness.gateway.url)).toBe('');
    expect(await pull('http://127.0.0.1:1')).toBe('failed');
    expect(await readFile(join(folder, 'desired.json'), 'utf8')).toBe(kept);
    await rm(folder, { recursive: true, force: true });
  });

  it('TSU-04 TSU-06 what a host says that it has is shown, and nothing is ever sent to it', async () => {
    const heard: string[] = [];
    harness.nats.subscribe('sluice.agent.>', { callback: (_error, { subject }) => void heard.push(subject) });
    await harness.fetch('/v1/desired-state/web-2', { headers: { 'x-sluice-actual': 'docker=1.6, puppet=7' } });
    const { body } = await harness.json('/v1/variables/default/puppet');
    expect(body['reported']).toEqual({ same: 0, other: 1, silent: 9 });
    expect((await harness.json('/v1/variables/default/docker')).body['reported']).toMatchObject({ same: 1, other: 0 });
    await harness.nats.flush();
    expect(heard).toEqual([]);
  });

  it('TSU-17 a host that joins in mid-ramp has what its line gives, recorded: never the newest', async () => {
    const started = Date.now() - 7 * DAY_MS;
    await owner.variable('docker', { type: 'RampStarted', activeMs: 0, reason: 'a test' }, started);
    await owner.say('docker', { type: 'ValuesAssigned', hosts: [0, 1, 2, 3], side: 'to', rule: 'ramp' });
    await vi.waitFor(
      async () => expect((await harness.json('/v1/variables/default/docker')).body['counts']).toMatchObject({ to: 5 }),
      PATIENT,
    );
    const before = joins.length;
    const names = Array.from({ length: 40 }, (_, i) => `new-${i}`);
    const told = await Promise.all(names.map((host) => desired(host, '?role=web')));
    const news = told.filter((values) => (values as { docker: string }).docker === '1.9').length;
    // Half of the 50 hosts of the role, 5 of which have it.
    expect(Math.abs(news - 20)).toBeLessThanOrEqual(1);
    expect(joins.length - before).toBeLessThanOrEqual(5);
    // What was told is what stands in the log.
    const kept = await Promise.all(names.map((host) => desired(host)));
    expect(kept).toEqual(told);
  });

  it('TSU-17 while nobody records it, a new host is answered by the same rule, and joins later', async () => {
    isAway = true;
    expect(await desired('late-1', '?role=web')).toMatchObject({ puppet: '6' });
    expect(owner.fleet.roster.slotOf.has('late-1')).toBe(false);
    isAway = false;
    await vi.waitFor(() => expect(owner.fleet.roster.slotOf.has('late-1')).toBe(true), PATIENT);
  });

  it('TSU-08 explains a value at any time, from the log alone', async () => {
    const { body } = await harness.json('/v1/variables/default/docker/explain?host=web-9');
    expect(body).toMatchObject({ value: '1.9', rule: 'ramp', version: 1, role: { name: 'web' } });
    const then = await harness.json('/v1/desired-state/web-9?explain=1');
    expect(then.body).toMatchObject({
      docker: { value: '1.9' },
      puppet: { rule: 'before', words: expect.any(String) as unknown },
    });
    const unknown = await harness.json('/v1/variables/default/docker/explain?host=nobody');
    expect(unknown).toMatchObject({ status: 404, body: { code: 'UNKNOWN_HOST' } });
  });

  it('TSU-11 the series of counts adds up to the fleet at each point', async () => {
    const query = `?from=${Date.now() - 60_000}&step=10s`;
    const { body } = await harness.json(`/v1/variables/default/docker/series${query}`);
    const points = body['points'] as { from: number; to: number; other: number }[];
    expect(points.length).toBeGreaterThan(5);
    expect(points.at(-1)).toMatchObject({ other: 0 });
    const last = points.at(-1);
    expect((last?.from ?? 0) + (last?.to ?? 0)).toBe(owner.fleet.roster.present);
  });

  it('TSU-01 TSU-18 says commands with actor and reason; an unknown variable is 404', async () => {
    expect(await harness.json('/v1/variables/default/nothing')).toMatchObject({ status: 404 });
    const said = harness.serve('variable', ({ target }) => ({
      ok: true,
      target,
      state: 'ramping',
      rev: 9,
      actions: [],
    }));
    const body = {
      reason: 'a test',
      from: '1',
      to: '2',
      over: [
        { after: '1d', percent: 1 },
        { after: '14d', percent: 100 },
      ],
    };
    const limits = { '*': { maxPercent: 30, minHosts: 1, pace: { changes: 1, window: '10m' } } };
    expect(await harness.post('/v1/variables/web/x/commands/define', { ...body, limits })).toMatchObject({
      status: 200,
    });
    for (const verb of ['ramp', 'pause', 'resume', 'stop', 'reverse', 'revert', 'finish'])
      expect(await harness.post(`/v1/variables/web/x/commands/${verb}`, { reason: 'a test' })).toMatchObject({
        status: 200,
      });
    const pin = { reason: 'a test', hosts: ['web-1'], value: '3' };
    expect(await harness.post('/v1/variables/web/x/commands/pin', pin)).toMatchObject({ status: 200 });
    expect(said).toHaveLength(9);
    expect(said[0]).toMatchObject({
      target: 'web/x',
      reason: 'a test',
      command: {
        type: 'define',
        spec: {
          ...{ name: 'x', type: 'string', from: '1', to: '2', salt: '' },
          schedule: {
            kind: 'points',
            points: [
              [DAY_MS, 0.01],
              [14 * DAY_MS, 1],
            ],
          },
          limits: { '*': { maxPercent: 30, minHosts: 1, pace: { changes: 1, windowMs: 600_000 } } },
        },
      },
    });
    const bad = await harness.post('/v1/variables/web/x/commands/define', {
      reason: 'a',
      from: '1',
      to: '2',
      over: 'soon',
    });
    expect(bad).toMatchObject({ status: 422, body: { code: 'BAD_INPUT' } });
  });

  it.each([
    ['/v1/desired-state/web-1?fleet=none', 404],
    ['/v1/desired-state/web-1?wait=soon', 422],
    ['/v1/desired-state/web-1?odd=1', 422],
    ['/v1/desired-state/%00', 422],
    [`/v1/desired-state/${'x'.repeat(201)}`, 422],
    ['/v1/desired-state/', 422],
  ])('refuses %s', async (path, status) => {
    expect((await harness.fetch(path)).status).toBe(status);
  });
});
