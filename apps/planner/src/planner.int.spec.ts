import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { jetstream } from '@nats-io/jetstream';
import { Kvm } from '@nats-io/kv';
import type { NatsConnection } from '@nats-io/nats-core';
import {
  BUCKETS,
  type CommandResult,
  EMPTY_HEAD,
  groupStreamId,
  type Hello,
  type PlanEvent,
  type PreviewReply,
  refusalIdOf,
  type RequestOutcome,
  shardOfGroup,
  shardOfId,
  SUBJECTS,
} from '@sluice/contracts';
import { JetStreamEventLog } from '@sluice/event-log';
import { connectNats, provision, type RunningService, silentLog } from '@sluice/messaging';
import { newUlid, systemClock } from '@sluice/observability';
import { type RunningNatsServer, startNatsServer } from '@sluice/testing';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';

import { SAMPLE_REQUEST, toBytes } from './request/samples.js';
import { startPlanner } from './service/start-planner.js';

const INVENTORY = `
groups:
  - name: shop-web
    app: shop
    environment: production
    profile: { kind: process, command: [node, server.js], stopGraceMs: 1000 }
    members: [web-1, web-2, { host: web-3.example, site: fra }, { host: web-4, down: true }]
  - { name: empty, app: shop, environment: production }
`;

describe('the planner as a service', () => {
  let server: RunningNatsServer;
  let nats: NatsConnection;
  let log: JetStreamEventLog;
  let planner: RunningService;
  let folder: string;
  const outcomes: RequestOutcome[] = [];

  const start = () =>
    startPlanner({
      nats,
      servers: server.url,
      log,
      clock: systemClock,
      logger: silentLog,
      newId: newUlid,
      inventoryFile: join(folder, 'inventory.yaml'),
    });

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'sluice planner '));
    await writeFile(join(folder, 'inventory.yaml'), INVENTORY);
    server = await startNatsServer();
    nats = await connectNats({ servers: server.url, name: 'planner test' });
    await provision(nats);
    log = new JetStreamEventLog(nats);
    nats.subscribe('sluice.outcome.*', {
      callback: (_, message) => void outcomes.push(message.json<RequestOutcome>()),
    });
    planner = await start();
  });
  afterAll(async () => {
    await planner.stop();
    await nats.close();
    await server.stop();
    await rm(folder, { recursive: true, force: true });
  });

  /** Publishes as any client does; resolves with the first outcome that comes after it. */
  async function publish(subject: string, payload: Uint8Array | string): Promise<RequestOutcome> {
    const seen = outcomes.length;
    await jetstream(nats).publish(subject, payload);
    return vi.waitFor(
      () => {
        const outcome = outcomes[seen];
        if (outcome === undefined) throw new Error('no outcome yet');
        return outcome;
      },
      { timeout: 10_000, interval: 10 },
    );
  }
  const request = (document: object, app = 'shop') => publish(SUBJECTS.deployRequest(app), JSON.stringify(document));

  async function planEvents(id: string): Promise<readonly PlanEvent[]> {
    const events: PlanEvent[] = [];
    const stream = { shard: shardOfId(id) ?? '', writer: 'plan', id } as const;
    for await (const commit of log.read(stream)) events.push(...commit.events);
    return events;
  }
  const codes = ({ faults = [] }: RequestOutcome) => faults.map(({ path, code }) => `${path} ${code}`).toSorted();

  it('plans what a plain client publishes: the outcome arrives, the log holds the plan', async () => {
    const outcome = await request({ ...SAMPLE_REQUEST, id: 'first' });
    expect(outcome).toMatchObject({ v: 1, requestId: 'first', outcome: 'planned' });
    const [targets, seal] = await planEvents(outcome.rolloutId ?? '');
    expect(targets).toMatchObject({
      type: 'PlanTargetsAdded',
      targets: [{ host: 'web-1' }, { host: 'web-2' }, { host: 'web-3.example', site: 'fra' }],
    });
    expect(seal).toMatchObject({
      planHash: outcome.planHash,
      plan: { canaries: 1, leftOut: [{ host: 'web-4', reason: 'down' }] },
    });
  });

  it('XIM-03 makes one rollout of one document that is published twice', async () => {
    const first = await request(SAMPLE_REQUEST);
    const again = await request(SAMPLE_REQUEST);
    expect([first.outcome, again.outcome]).toEqual(['planned', 'duplicate']);
    expect(again.rolloutId).toBe(first.rolloutId);
  });

  it('lists every fault of bad input with its path, keeps it in the log, and changes nothing else', async () => {
    const cases: readonly (readonly [string | object, readonly string[]])[] = [
      ['{"app": "shop",', [' BAD_JSON']],
      [{ ...SAMPLE_REQUEST, colour: 'red', batches: '50%+49%' }, ['/batches BATCHES_SUM', '/colour UNKNOWN_FIELD']],
      [{ ...SAMPLE_REQUEST, batches: '10%+90%' }, ['/batches BATCHES_SHARE']],
      [{ ...SAMPLE_REQUEST, group: 'empty' }, ['/group EMPTY_GROUP', '/profile NO_PROFILE']],
      [{ ...SAMPLE_REQUEST, group: 'nobody' }, ['/group GROUP_UNKNOWN']],
      [{ ...SAMPLE_REQUEST, app: 'a.>', group: '../..' }, ['/app BAD_NAME', '/group BAD_NAME']],
      [{ ...SAMPLE_REQUEST, version: '../..' }, ['/version BAD_VERSION']],
      [{ ...SAMPLE_REQUEST, artifact: { url: 'https://x/y' } }, ['/artifact/sha256 REQUIRED']],
      [{ ...SAMPLE_REQUEST, app: 'cart' }, ['/app APP_MISMATCH']],
    ];
    for (const [document, faults] of cases) {
      const payload = typeof document === 'string' ? document : JSON.stringify(document);
      const before = await log.position();
      const outcome = await publish(SUBJECTS.deployRequest('shop'), payload);
      expect([outcome.outcome, codes(outcome)]).toEqual(['refused', faults]);
      expect(await log.position()).toBe(before + 1);
    }
  });

  it('does not accept 10 MB: the client itself refuses, and over 256 KiB the planner does', async () => {
    await expect(jetstream(nats).publish(SUBJECTS.deployRequest('shop'), new Uint8Array(10_000_000))).rejects.toThrow(
      /payload/i,
    );
    const outcome = await publish(SUBJECTS.deployRequest('shop'), new Uint8Array(300_000));
    expect(codes(outcome)).toEqual([' TOO_LARGE']);
  });

  it('answers requests on subjects that name no app', async () => {
    expect(codes(await publish('sluice.request.deploy.shop.web', toBytes(SAMPLE_REQUEST)))).toEqual([
      '/app APP_MISMATCH',
    ]);
    expect(codes(await publish('sluice.request.other', toBytes({ ...SAMPLE_REQUEST, id: 'odd' })))).toEqual([
      '/app APP_MISMATCH',
    ]);
  });

  it('a poisonous message does not keep the next one waiting', async () => {
    const poison = toBytes({ ...SAMPLE_REQUEST, id: 'poison' });
    const append = log.append.bind(log);
    const failing = vi.spyOn(log, 'append').mockImplementation((...args) => {
      const text = JSON.stringify(args[2].events.map(({ meta }) => meta));
      return text.includes('poison') ? Promise.reject(new TypeError('a bug of ours')) : append(...args);
    });
    await jetstream(nats).publish(SUBJECTS.deployRequest('shop'), poison);
    const started = performance.now();
    const next = await request({ ...SAMPLE_REQUEST, id: 'next' });
    expect(next).toMatchObject({ requestId: 'next', outcome: 'planned' });
    expect(performance.now() - started).toBeLessThan(5_000);
    await vi.waitFor(() => expect(outcomes.at(-1)?.faults?.[0]?.code).toBe('INTERNAL'), {
      timeout: 20_000,
      interval: 50,
    });
    failing.mockRestore();
    const id = refusalIdOf(outcomes.at(-1)?.requestId ?? '');
    expect(await planEvents(id)).toMatchObject([{ type: 'RequestRefused' }]);
  }, 40_000);

  it('previews over request-reply what it would plan, and writes nothing', async () => {
    const document = { ...SAMPLE_REQUEST, id: 'looked-at' };
    const before = await log.position();
    const ask = async (body: unknown) =>
      (await nats.request(SUBJECTS.command('plan'), JSON.stringify(body), { timeout: 5_000 })).json<PreviewReply>();
    const previewed = await ask(document);
    expect(await ask({ ...document, batches: 'half' })).toMatchObject({ ok: false, faults: [{ path: '/batches' }] });
    expect(await log.position()).toBe(before);
    const outcome = await request(document);
    expect(previewed).toMatchObject({ ok: true, preview: { planHash: outcome.planHash } });
  });

  it('takes groups from the API and facts from heartbeats, and keeps both over a restart', async () => {
    const profile = { kind: 'exec', steps: { install: ['/opt/install'] }, stepTimeoutMs: 60_000 };
    const group = { name: 'jobs', app: 'shop', environment: 'test', profile, members: ['job-1', 'job-2'] };
    const envelope = {
      v: 1,
      id: newUlid(),
      target: 'jobs',
      command: { type: 'replaceGroup', group },
      actor: { id: 'ana', kind: 'user' },
    };
    const command = async (body: unknown) =>
      (
        await nats.request(SUBJECTS.command('inventory'), JSON.stringify(body), { timeout: 5_000 })
      ).json<CommandResult>();
    expect(await command(envelope)).toMatchObject({ ok: true, target: 'jobs', state: 'stored' });
    expect(await command({ ...envelope, expectedRev: 1 })).toMatchObject({ ok: false, code: 'VERSION_CONFLICT' });
    const bad = {
      ...envelope,
      command: { type: 'replaceGroup', group: { ...group, members: ['a.>', { hots: 'x' }] } },
    };
    expect(await command(bad)).toMatchObject({ ok: false, code: 'BAD_INVENTORY' });
    expect(await command({ ...envelope, actor: undefined })).toMatchObject({ ok: false, code: 'BAD_COMMAND' });

    const app = {
      app: 'shop',
      group: 'jobs',
      running: '1.0.0',
      processStartedAt: 1,
      serving: false,
      endpoint: null,
      localVersions: [],
    };
    const hello: Hello = {
      v: 1,
      host: 'job-2',
      at: Date.now(),
      agent: { version: '1', startedAt: 1 },
      labels: {},
      apps: [app],
    };
    nats.publish(SUBJECTS.hello('job-2'), JSON.stringify(hello));
    nats.publish(SUBJECTS.hello('job-2'), 'nonsense');
    nats.publish(SUBJECTS.hello('job-1'), JSON.stringify(hello));
    const kv = await new Kvm(jetstream(nats)).open(BUCKETS.inventory);
    const stored = () => kv.get('member.jobs.job-2').then((entry) => entry?.json<{ entry: object }>().entry);
    await vi.waitFor(async () => expect(await stored()).toMatchObject({ running: '1.0.0', serving: false }), {
      timeout: 5_000,
    });

    await planner.stop();
    planner = await start();
    const outcome = await request({ ...SAMPLE_REQUEST, group: 'jobs', batches: '50%' });
    const [targets] = await planEvents(outcome.rolloutId ?? '');
    expect(targets).toMatchObject({ targets: [{ host: 'job-2', drained: true, from: '1.0.0' }, { host: 'job-1' }] });
  });

  it('TAR-38 plans a rollback as soon as the log asks for it', async () => {
    const good = await request({ ...SAMPLE_REQUEST, version: '1.0.0' });
    const bad = await request({ ...SAMPLE_REQUEST, version: '5.0.0' });
    const id = bad.rolloutId ?? '';
    const to = { rolloutId: good.rolloutId ?? '', version: '1.0.0' };
    const event = { type: 'RollbackRequested', to, targets: [0, 1, 2], down: [1], ordinal: 1 } as const;
    const meta = { by: { id: 'ana', kind: 'user' as const }, cause: 'c', corr: bad.requestId };
    const controller = new AbortController();
    const started = performance.now();
    await log.append({ shard: shardOfId(id) ?? '', writer: 'exec', id }, EMPTY_HEAD, {
      id: newUlid(),
      at: Date.now(),
      events: [{ event, meta }],
    });
    for await (const seen of log.follow({
      shards: [shardOfGroup('shop-web')],
      writers: ['plan'],
      from: 1,
      signal: controller.signal,
    })) {
      const seal = seen.kind === 'commit' ? seen.commit.events.at(-1) : undefined;
      if (seal?.type !== 'RolloutPlanned' || seal.plan.strategy !== 'rollback') continue;
      expect(seal.plan).toMatchObject({
        rollbackOf: id,
        batches: [
          [2, 1],
          [1, 1],
        ],
        version: '1.0.0',
      });
      controller.abort();
    }
    const took = performance.now() - started;
    process.stdout.write(`rollback planned ${Math.round(took)} ms after it was asked for\n`);
    expect(took).toBeLessThan(2_000);
  });

  it('refuses a version that was blocked a moment ago', async () => {
    const meta = { by: { id: 'ana', kind: 'user' as const }, cause: 'c', corr: 'c' };
    const event = { type: 'VersionBlocked', version: '9.9.9', reason: 'leaks' } as const;
    const stream = { shard: shardOfGroup('shop-web'), writer: 'group', id: groupStreamId('shop-web') } as const;
    await log.append(stream, EMPTY_HEAD, { id: newUlid(), at: Date.now(), events: [{ event, meta }] });
    expect(codes(await request({ ...SAMPLE_REQUEST, version: '9.9.9' }))).toEqual(['/version VERSION_BLOCKED']);
  });

  it('does not start with a faulty inventory file, and says every fault', async () => {
    const path = join(folder, 'faulty.yaml');
    await writeFile(path, 'groups:\n  - { name: "a.>", app: shop, environment: moon }\n');
    const deps = {
      nats,
      servers: server.url,
      log,
      clock: systemClock,
      logger: silentLog,
      newId: newUlid,
      inventoryFile: path,
    };
    await expect(startPlanner(deps)).rejects.toMatchObject({
      code: 'INVENTORY_INVALID',
      details: { faults: [{}, {}] },
    });
    await expect(startPlanner({ ...deps, inventoryFile: join(folder, 'none') })).rejects.toMatchObject({
      code: 'INVENTORY_UNREADABLE',
    });
  });
});
