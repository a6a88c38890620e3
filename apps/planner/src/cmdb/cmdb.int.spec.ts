import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

import { jetstream } from '@nats-io/jetstream';
import { Kvm } from '@nats-io/kv';
import type { NatsConnection } from '@nats-io/nats-core';
import { BUCKETS, type CommandResult, type PreviewReply, SUBJECTS } from '@sluice/contracts';
import { JetStreamEventLog } from '@sluice/event-log';
import { connectNats, provision, type RunningService, silentLog } from '@sluice/messaging';
import { newUlid, systemClock } from '@sluice/observability';
import { type RunningNatsServer, startNatsServer } from '@sluice/testing';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';

import { SAMPLE_REQUEST } from '../request/samples.js';
import { startPlanner } from '../service/start-planner.js';

const PATIENT = { timeout: 30_000, interval: 20 };

/** A CMDB on a port of its own: groups by name, each with its version, answers that a test may hold back. */
class Cmdb {
  readonly groups = new Map<string, { version: number; members: readonly string[] }>();
  readonly asked: string[] = [];
  held: Promise<void> = Promise.resolve();
  readonly #server = createServer((request, response) => {
    const group = request.url?.split('/').at(-1) ?? '';
    this.asked.push(group);
    void this.held.then(() => this.#answer(group, request.headers['if-none-match'], response));
  });

  async start(): Promise<string> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/groups/{group}`;
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #answer(name: string, etag: string | undefined, response: ServerResponse): void {
    const group = this.groups.get(name);
    if (group === undefined) return void response.writeHead(404).end();
    const own = `"${group.version}"`;
    if (etag === own) return void response.writeHead(304).end();
    const profile = { kind: 'process', command: ['node', 'server.js'], stopGraceMs: 1_000 };
    response.writeHead(200, { etag: own });
    response.end(JSON.stringify({ name, app: 'shop', environment: 'test', profile, ...group }));
  }
}

describe('planners with a CMDB', () => {
  const cmdb = new Cmdb();
  const stopping: RunningService[] = [];
  let server: RunningNatsServer;
  let nats: NatsConnection;
  beforeAll(async () => {
    server = await startNatsServer();
    nats = await connectNats({ servers: server.url, name: 'test', log: silentLog });
    await provision(nats);
    const url = await cmdb.start();
    for (let i = 0; i < 2; i += 1) {
      const connection = await connectNats({ servers: server.url, name: `planner ${i}`, log: silentLog });
      const deps = { nats: connection, servers: server.url, log: new JetStreamEventLog(connection) };
      const more = { clock: systemClock, logger: silentLog, newId: newUlid, cmdb: { url, timeoutMs: 30_000 } };
      const planner = await startPlanner({ ...deps, ...more });
      stopping.push(planner, { name: 'connection', stop: () => connection.close() });
    }
  }, 60_000);
  afterAll(async () => {
    for (const each of stopping) await each.stop();
    await nats.close();
    await server.stop();
    await cmdb.stop();
  }, 60_000);

  const preview = async (group: string): Promise<PreviewReply> => {
    const document = JSON.stringify({ ...SAMPLE_REQUEST, group });
    return (await nats.request(SUBJECTS.command('plan'), document, { timeout: 30_000 })).json();
  };
  const hostsOf = (reply: PreviewReply) =>
    reply.ok ? reply.preview.batches.flatMap(({ hosts }) => hosts).toSorted() : reply.faults.map(({ code }) => code);

  it('TAR-42 100 concurrent requests are at most one call of each planner, and all get its result', async () => {
    cmdb.groups.set('busy', { version: 1, members: ['a', 'b'] });
    let release = (): void => undefined;
    cmdb.held = new Promise((resolve) => (release = resolve));
    const replies = Array.from({ length: 100 }, () => preview('busy'));
    await vi.waitFor(() => expect(cmdb.asked.length).toBeGreaterThan(0), PATIENT);
    release();
    const hosts = (await Promise.all(replies)).map(hostsOf);
    expect(hosts).toEqual(Array.from({ length: 100 }, () => ['a', 'b']));
    expect(cmdb.asked.filter((group) => group === 'busy').length).toBeLessThanOrEqual(2);
  }, 60_000);

  it('TAR-08 TAR-09 entries are kept with source, version and time; messages older than they are ignored', async () => {
    cmdb.groups.set('kept', { version: 5, members: ['a'] });
    // So many that each planner answers some of them, and knows the group.
    const replies = await Promise.all(Array.from({ length: 40 }, () => preview('kept')));
    expect(replies.map(hostsOf)).toEqual(replies.map(() => ['a']));
    const kv = await new Kvm(jetstream(nats)).open(BUCKETS.inventory);
    const stored = async (key: string) => (await kv.get(key))?.json();
    for (const key of ['group.kept', 'member.kept.a'])
      await vi.waitFor(async () => {
        expect(await stored(key)).toMatchObject({ source: 'cmdb', version: 5, fetchedAt: expect.any(Number) });
      }, PATIENT);

    const told = async (version: number, members: readonly string[]): Promise<CommandResult> => {
      const group = { name: 'kept', app: 'shop', environment: 'test', version, members };
      const command = { type: 'replaceGroup', source: 'cmdb', group };
      const envelope = { v: 1, id: newUlid(), target: 'kept', command, actor: { id: 'cmdb', kind: 'service' } };
      return (await nats.request(SUBJECTS.command('inventory'), JSON.stringify(envelope), { timeout: 30_000 })).json();
    };
    expect(await told(4, ['old'])).toMatchObject({ ok: true, state: 'ignored', rev: 5 });
    expect(await told(6, ['b'])).toMatchObject({ ok: true, state: 'stored', rev: 6 });
    await vi.waitFor(async () => {
      expect(await stored('member.kept.b')).toMatchObject({ source: 'cmdb', version: 6 });
    }, PATIENT);
    cmdb.groups.set('kept', { version: 7, members: ['b', 'c'] });
    await vi.waitFor(async () => expect(hostsOf(await preview('kept'))).toEqual(['b', 'c']), PATIENT);
  }, 60_000);

  it('plan nothing for a group that nobody knows', async () => {
    expect(hostsOf(await preview('nowhere'))).toEqual(['GROUP_UNKNOWN']);
  });
});
