import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { jetstreamManager } from '@nats-io/jetstream';
import { Kvm } from '@nats-io/kv';
import type { NatsConnection } from '@nats-io/nats-core';
import { loadConfig } from '@sluice/config';
import { BUCKETS, encodeToken, STREAMS, SUBJECTS } from '@sluice/contracts';
import { connectNats, provision } from '@sluice/messaging';
import { newUlid } from '@sluice/observability';
import { type RunningNatsServer, startNatsServer } from '@sluice/testing';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { Api } from '../client/api.js';
import { SERVICES } from '../services/starting.js';
import { type RunningUp, startUp } from '../up/up.js';
import { examine } from './examine.js';
import type { Finding } from './finding.js';

const MINUTE = 60_000;
const CONFIG = loadConfig({});

const look = (
  url: string,
  natsUrl: string,
  more: Partial<Parameters<typeof examine>[0]> = {},
): Promise<readonly Finding[]> =>
  examine({
    api: new Api({ url, newId: newUlid, sleep: () => Promise.resolve() }),
    natsUrl,
    config: CONFIG,
    listenMs: 300,
    now: Date.now,
    sleep: (ms) => sleep(ms),
    ...more,
  });

const find = (findings: readonly Finding[], check: string): Finding | undefined =>
  findings.find((one) => one.check === check);
const wrongOf = (findings: readonly Finding[]): string[] =>
  findings.filter(({ state }) => state === 'wrong').map(({ check }) => check);

describe('doctor on a healthy installation', () => {
  let folder: string;
  let up: RunningUp;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'sluice doctor '));
    up = await startUp({
      ...{ dataDir: folder, httpHost: '127.0.0.1', httpPort: 0, natsPort: 0 },
      ...{ logLevel: 'silent', demoFleet: true, services: SERVICES, config: CONFIG },
    });
  }, MINUTE);
  afterAll(async () => {
    await up?.stop();
    await rm(folder, { recursive: true, force: true });
  }, MINUTE);

  it('finds nothing wrong, and says what it cannot see', async () => {
    const findings = await look(up.url, up.natsUrl, { listenMs: 2_500 });
    expect(wrongOf(findings)).toEqual([]);
    for (const check of [
      'nats',
      'nats version',
      'permissions',
      `stream ${STREAMS.log}`,
      'planner',
      'executor',
      'leases of executor',
      'leases of notifier',
      'gateway',
      'access',
      'agents',
      'clock of nats',
    ])
      expect([check, find(findings, check)?.state]).toEqual([check, 'ok']);
    expect(find(findings, 'agents')?.words).toContain('6 of 6');
    expect(find(findings, 'leases of executor')?.words).toContain(`:${process.pid} has 00 01 02`);
    // It listens on a port that the configuration of up leaves to the system.
    expect(find(findings, 'sync')).toMatchObject({
      state: 'unknown',
      words: expect.stringContaining('cannot see') as string,
    });
  });
});

describe('doctor finds planted faults', () => {
  let server: RunningNatsServer;
  let nats: NatsConnection;
  beforeAll(async () => {
    server = await startNatsServer();
    nats = await connectNats({ servers: server.url, name: 'doctor test' });
    await provision(nats);
  });
  afterAll(async () => {
    await nats.close();
    await server.stop();
  });

  it('a stream that is gone, one that differs, services that are not there, a silent agent, a clock that is off', async () => {
    const manager = await jetstreamManager(nats);
    await manager.streams.delete(STREAMS.notify);
    await manager.streams.update(STREAMS.requests, { max_msgs: 500_000 });
    const bucket = await new Kvm(nats).open(BUCKETS.inventory);
    const member = { group: 'web', app: 'hello', host: 'web-01', lastSeen: Date.now() - 600_000 };
    const record = { v: 1, source: 'heartbeat', version: 1, fetchedAt: 1, entry: member };
    await bucket.put(`member.${encodeToken('web')}.${encodeToken('web-01')}`, JSON.stringify(record));
    const hello = {
      v: 1,
      host: 'web-02',
      at: Date.now() + 3_600_000,
      agent: { version: '1', startedAt: 1 },
      labels: {},
      apps: [],
    };
    const beat = setInterval(() => nats.publish(SUBJECTS.hello('web-02'), JSON.stringify(hello)), 50);
    const findings = await look('http://127.0.0.1:1', server.url).finally(() => clearInterval(beat));
    expect(wrongOf(findings).toSorted()).toEqual(
      [
        `stream ${STREAMS.notify}`,
        `stream ${STREAMS.requests}`,
        'agents',
        'executor',
        'gateway',
        'planner',
        'leases of executor',
        'leases of notifier',
      ].toSorted(),
    );
    expect(find(findings, `stream ${STREAMS.requests}`)?.words).toContain('max_msgs');
    expect(find(findings, 'agents')?.words).toContain('web-01');
    expect(find(findings, 'clock of web-02')).toMatchObject({
      state: 'warning',
      todo: expect.stringContaining('time servers') as string,
    });
    for (const { state, todo } of findings) expect([state, todo !== undefined]).toEqual([state, state !== 'ok']);
  });

  it('reads how the server writes from the configuration of the up that started it, and from no other', async () => {
    const dataDir = await mkdtemp(join(tmpdir(), 'sluice doctor '));
    const { port } = new URL(server.url);
    const syncOf = async (config: string): Promise<Finding['state'] | undefined> => {
      await writeFile(join(dataDir, 'nats.conf'), config);
      const findings = await look('http://127.0.0.1:1', server.url, { config: { ...CONFIG, dataDir } });
      return find(findings, 'sync')?.state;
    };
    try {
      expect(await syncOf(`listen: "127.0.0.1:${port}"\njetstream { sync_interval: always }\n`)).toBe('ok');
      expect(await syncOf(`listen: "127.0.0.1:${port}"\njetstream { }\n`)).toBe('wrong');
      expect(await syncOf('listen: "127.0.0.1:1"\njetstream { sync_interval: always }\n')).toBe('unknown');
    } finally {
      await rm(dataDir, { recursive: true, force: true });
    }
  });

  it('a server that is not there', async () => {
    const findings = await look('http://127.0.0.1:1', 'nats://127.0.0.1:1');
    expect(wrongOf(findings)).toEqual(['nats', 'gateway']);
  });
});
