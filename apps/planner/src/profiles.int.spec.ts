import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { jetstream } from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/nats-core';
import { type Hello, type PlanEvent, type PreviewReply, shardOfId, SUBJECTS } from '@sluice/contracts';
import { JetStreamEventLog } from '@sluice/event-log';
import { connectNats, provision, type RunningService, silentLog } from '@sluice/messaging';
import { newUlid, systemClock } from '@sluice/observability';
import { type RunningNatsServer, startNatsServer } from '@sluice/testing';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';

import { SAMPLE_REQUEST } from './request/samples.js';
import { startPlanner } from './service/start-planner.js';

const INVENTORY = `
groups:
  - name: machines
    app: shop
    environment: test
    profile: { kind: process, command: [node, server.js], stopGraceMs: 1000 }
    profiles:
      - labels: { arch: arm, gpu: 'yes' }
        profile: { kind: exec, steps: { install: [/opt/gpu/install] }, stepTimeoutMs: 60000 }
      - labels: { arch: arm }
        profile: { kind: exec, steps: { install: [/opt/arm/install] }, stepTimeoutMs: 60000 }
    members:
      - pc-1
      - { host: arm-1, labels: { arch: arm } }
      - { host: gpu-1, labels: { arch: arm, gpu: 'yes', rack: '7' } }
      - said-by-agent
`;

const SAID: Hello = {
  v: 1,
  host: 'said-by-agent',
  at: 1,
  agent: { version: '1', startedAt: 1 },
  labels: { arch: 'arm' },
  apps: [
    {
      app: 'shop',
      group: 'machines',
      running: null,
      processStartedAt: null,
      serving: false,
      endpoint: null,
      localVersions: [],
    },
  ],
};

let server: RunningNatsServer;
let nats: NatsConnection;
let log: JetStreamEventLog;
let planner: RunningService;
let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sluice profiles '));
  const inventoryFile = join(folder, 'inventory.yaml');
  await writeFile(inventoryFile, INVENTORY);
  server = await startNatsServer();
  nats = await connectNats({ servers: server.url, name: 'planner test' });
  await provision(nats);
  log = new JetStreamEventLog(nats);
  const parts = { nats, servers: server.url, log, clock: systemClock, logger: silentLog, newId: newUlid };
  planner = await startPlanner({ ...parts, inventoryFile });
});
afterAll(async () => {
  await planner.stop();
  await nats.close();
  await server.stop();
  await rm(folder, { recursive: true, force: true });
});

const DOCUMENT = { ...SAMPLE_REQUEST, group: 'machines' };

async function preview(more: object = {}): Promise<Extract<PreviewReply, { ok: true }>['preview']> {
  const payload = JSON.stringify({ ...DOCUMENT, ...more });
  const reply = (await nats.request(SUBJECTS.command('plan'), payload, { timeout: 5_000 })).json<PreviewReply>();
  if (!reply.ok) throw new Error(JSON.stringify(reply.faults));
  return reply.preview;
}

async function eventsOf(id: string): Promise<readonly PlanEvent[]> {
  const events: PlanEvent[] = [];
  for await (const commit of log.read({ shard: shardOfId(id) ?? '', writer: 'plan', id }))
    events.push(...commit.events);
  return events;
}

it('TAR-05 the profile of each type of machine comes from the labels of the file, else of its heartbeat', async () => {
  nats.publish(SUBJECTS.hello(SAID.host), JSON.stringify(SAID));
  await vi.waitFor(async () => expect((await preview()).batches[0]?.profiles).toHaveProperty(SAID.host), {
    timeout: 5_000,
  });
  const seen = await preview();
  await jetstream(nats).publish(SUBJECTS.deployRequest('shop'), JSON.stringify(DOCUMENT));
  const [targets, seal] = await vi.waitFor(
    async () => {
      const events = await eventsOf(seen.plan.rolloutId);
      expect(events).toHaveLength(2);
      return events;
    },
    { timeout: 5_000 },
  );
  expect(targets).toMatchObject({
    targets: [
      { host: 'arm-1', profile: 0 },
      { host: 'gpu-1', profile: 1 },
      { host: 'pc-1' },
      { host: SAID.host, profile: 0 },
    ],
  });
  expect(seal).toMatchObject({
    planHash: seen.planHash,
    plan: {
      spec: { profile: { command: ['node', 'server.js'] } },
      profiles: [{ steps: { install: ['/opt/arm/install'] } }, { steps: { install: ['/opt/gpu/install'] } }],
    },
  });
});

it('TAR-05 a profile of the request is for every machine', async () => {
  const profile = { kind: 'exec', steps: { install: ['/opt/all'] }, stepTimeoutMs: 60_000 };
  const { plan, batches } = await preview({ profile });
  expect([plan.spec.profile, plan.profiles, batches[0]?.profiles]).toEqual([profile, undefined, undefined]);
});
