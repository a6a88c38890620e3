import type { NatsConnection } from '@nats-io/nats-core';
import { EMPTY_HEAD, type EventMeta, SUBJECTS } from '@sluice/contracts';
import { JetStreamEventLog } from '@sluice/event-log';
import { connectNats, provision, type RunningService } from '@sluice/messaging';
import { createLogger, newUlid, systemClock } from '@sluice/observability';
import { type RunningNatsServer, startNatsServer } from '@sluice/testing';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';

import { startHealthGate } from './start.js';
import { GateWorld, hostOf } from './testing/gate-world.suite.js';

let server: RunningNatsServer;
let nats: NatsConnection;
const running: RunningService[] = [];

beforeAll(async () => {
  server = await startNatsServer();
  nats = await connectNats({ servers: server.url, name: 'test' });
  await provision(nats);
});

afterAll(async () => {
  await Promise.all(running.map((service) => service.stop()));
  await nats?.close();
  await server?.stop();
});

const launch = async (log: JetStreamEventLog): Promise<RunningService> => {
  const deps = { nats, servers: server.url, log, clock: systemClock, newId: newUlid };
  const service = await startHealthGate({ ...deps, logger: createLogger('test', 'silent') });
  running.push(service);
  return service;
};

/** The world plays the executor on its own log; what it wrote is planted into the real one. */
async function plant(world: GateWorld, log: JetStreamEventLog): Promise<void> {
  await world.plan();
  await world.rollCanary();
  await world.ask(0);
  for (const writer of ['plan', 'exec'] as const) {
    let head = EMPTY_HEAD;
    for await (const { id, events, meta } of world.log.read(world.stream(writer))) {
      const drafted = events.map((event, i) => ({ event, meta: meta[i] ?? NOBODY }));
      head = await log.append(world.stream(writer), head, { id, at: Date.now(), events: drafted });
    }
  }
}

const NOBODY: EventMeta = { by: { id: 'nobody', kind: 'user' }, cause: '', corr: '' };

async function said(world: GateWorld, log: JetStreamEventLog): Promise<string[]> {
  const out: string[] = [];
  for await (const { events } of log.read(world.stream('gate'))) {
    for (const event of events) if (event.type === 'GateJudged') out.push(`${event.gate} ${event.verdict}`);
  }
  return out;
}

it('judges from the log and from heartbeats, once over a restart and beside a second gate', async () => {
  const [world, later] = [new GateWorld(4, 1), new GateWorld(4, 2)];
  const log = new JetStreamEventLog(nats);
  const first = await launch(log);
  await plant(world, log);
  const wait = (check: () => Promise<void>) => vi.waitFor(check, 10_000);
  await wait(async () => expect(await said(world, log)).toEqual(['settled pass', 'ready inconclusive']));

  const second = await launch(log);
  nats.publish(SUBJECTS.hello(hostOf(0)), '{"v":1,"host":"h00"');
  nats.publish(SUBJECTS.hello('other'), JSON.stringify(hello(hostOf(0), '9.9.9')));
  nats.publish(SUBJECTS.hello(hostOf(0)), JSON.stringify(hello(hostOf(0), '2.0.0')));
  const verdicts = ['settled pass', 'ready inconclusive', 'ready pass'];
  await wait(async () => expect(await said(world, log)).toEqual(verdicts));
  await Promise.all([first.stop(), second.stop()]);

  // The third gate answers the later rollout, so it has read what lies before it, and left it alone.
  await launch(log);
  await plant(later, log);
  await wait(async () => expect((await said(later, log))[0]).toBe('settled pass'));
  expect(await said(world, log)).toEqual(verdicts);
});

it('does not start with sources that cannot be read, and names each fault without an address', async () => {
  const deps = { nats, servers: server.url, log: new JetStreamEventLog(nats), clock: systemClock, newId: newUlid };
  const sources = 'main=prometheus+http://ana:sesame@metrics:9090, other=oracle+http://x';
  const started = startHealthGate({ ...deps, logger: createLogger('test', 'silent'), sources });
  const fault = await started.then(
    () => undefined,
    (error: Error) => error,
  );
  expect(fault).toMatchObject({ code: 'CONFIG_INVALID' });
  expect(fault?.message).toMatch(/main: .*credential[\s\S]*other: /);
  expect(fault?.message).not.toContain('sesame');
});

const hello = (host: string, runs: string) => ({
  v: 1,
  host,
  at: 0,
  agent: { version: '1', startedAt: 0 },
  labels: {},
  apps: [
    {
      app: 'hello',
      group: 'web',
      running: runs,
      processStartedAt: 1,
      serving: true,
      endpoint: null,
      localVersions: [],
    },
  ],
});
