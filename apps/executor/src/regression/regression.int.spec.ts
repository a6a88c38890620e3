import { cp, rm } from 'node:fs/promises';
import { join } from 'node:path';

import { jetstreamManager } from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/nats-core';
import { ALL_SHARDS, EMPTY_HEAD, hashOf, type RunCommand, shardOfGroup, STREAMS } from '@sluice/contracts';
import { JetStreamEventLog } from '@sluice/event-log';
import { isSluiceError } from '@sluice/kernel';
import { connectNats, provision } from '@sluice/messaging';
import { newUlid, systemClock } from '@sluice/observability';
import { type RunningNatsServer, startNatsServer } from '@sluice/testing';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import { GROUP, HOSTS, planFor } from '../fixtures/world.suite.js';
import { type AgentPort, silentLogger } from '../ports.js';
import { LogMemory } from './log-memory.js';
import { PlaceFile } from './place-file.js';
import { SteadyEngine } from './steady-engine.js';

const PATIENCE_MS = 30_000;

describe('C16 the store of a real nats-server is put back to an older copy', { timeout: 4 * PATIENCE_MS }, () => {
  let server: RunningNatsServer;
  let nats: NatsConnection;
  let log: JetStreamEventLog;
  let engine: SteadyEngine;
  const sent: RunCommand[] = [];
  const fatal: string[] = [];

  /** Takes every run and reports nothing. */
  const agents: AgentPort = {
    run: async (command) => {
      sent.push(command);
      return { kind: 'answer', value: { ok: true, state: 'accepted' } };
    },
    status: async () => ({ kind: 'answer', value: { state: 'neverSeen' } }),
  };

  beforeEach(async () => {
    sent.length = 0;
    fatal.length = 0;
    server = await startNatsServer();
    nats = await connectNats({ servers: server.url, name: 'executor regression' });
    await provision(nats);
    log = new JetStreamEventLog(nats);
  });
  afterEach(async () => {
    await engine.stop();
    await nats.close();
    await server.stop();
    await rm(copy(), { recursive: true, force: true });
  });

  const copy = (): string => `${server.storeDir}-copy`;
  const file = (): string => join(server.storeDir, '..', 'executor-place.json');
  const memory = (): Promise<LogMemory> => LogMemory.open(new PlaceFile(file()), systemClock, silentLogger);

  async function start(remembering?: LogMemory): Promise<void> {
    engine = new SteadyEngine({
      ...{ log, agents, clock: systemClock, newId: newUlid, shards: ALL_SHARDS },
      ...(remembering === undefined ? {} : { memory: remembering }),
      onFatal: ({ code }) => fatal.push(code),
    });
    await engine.start();
  }

  async function keepCopy(): Promise<void> {
    await server.kill();
    await cp(server.storeDir, copy(), { recursive: true });
    await server.restart();
  }

  async function putBack(): Promise<void> {
    await server.kill();
    await rm(server.storeDir, { recursive: true });
    await cp(copy(), server.storeDir, { recursive: true });
    await server.restart();
  }

  async function plan(): Promise<string> {
    const { plan: made, targets } = planFor(HOSTS(4), { pollAfterMs: 60_000 });
    const meta = { by: made.requestedBy, cause: made.requestId, corr: made.requestId };
    await log.append({ shard: shardOfGroup(GROUP), writer: 'plan', id: made.rolloutId }, EMPTY_HEAD, {
      id: newUlid(),
      at: Date.now(),
      events: [
        { event: { type: 'PlanTargetsAdded', from: 0, targets }, meta },
        { event: { type: 'RolloutPlanned', plan: made, planHash: hashOf(made) }, meta },
      ],
    });
    return made.rolloutId;
  }

  async function types(id: string): Promise<string[]> {
    const found: string[] = [];
    for await (const { events } of log.read({ shard: shardOfGroup(GROUP), writer: 'exec', id }))
      for (const event of events)
        found.push(event.type === 'RolloutBraked' ? `braked for ${event.cause.kind}` : event.type);
    return found;
  }

  const until = (check: () => Promise<boolean> | boolean): Promise<boolean> =>
    vi.waitUntil(check, { timeout: PATIENCE_MS, interval: 50 });

  const say = (id: string, type: 'pause' | 'resume', key: string) =>
    engine.command({
      ...{ v: 1, id: key, target: id, command: { type }, reason: 'looked' },
      actor: { id: 'ana', kind: 'user' },
    });

  /** Running, with two hosts in a step; then paused and resumed, which is what the log loses. */
  async function running(): Promise<string> {
    const id = await plan();
    await until(() => sent.length === 2);
    await keepCopy();
    expect(await say(id, 'pause', 'p')).toMatchObject({ ok: true });
    expect(await say(id, 'resume', 'r')).toMatchObject({ ok: true });
    return id;
  }

  it('under a running executor: it brakes, sends nothing more, and goes on when a person says so', async () => {
    await start();
    const id = await running();
    await putBack();
    await until(async () => (await types(id)).includes('braked for log'));
    expect(await types(id)).not.toContain('RolloutPaused');
    expect(new Set(sent.map(({ attempt }) => attempt)).size).toBe(2);
    expect(await say(id, 'resume', 'again')).toMatchObject({ ok: true, state: 'running' });
  });

  it('while no executor runs: the next one knows from its file', async () => {
    const first = await memory();
    await start(first);
    const id = await running();
    await until(async () => (await types(id)).includes('RolloutResumed'));
    await engine.stop();
    await first.stop();
    await putBack();
    const second = await memory();
    await start(second);
    await until(async () => (await types(id)).includes('braked for log'));
    await second.stop();
  });

  it('a log that is gone ends it, and nothing is made in its place', async () => {
    await start();
    await running();
    await (await jetstreamManager(nats)).streams.delete(STREAMS.log);
    await server.restart();
    await until(() => fatal.includes('LOG_MISSING'));
    // The connection may still be on its way back.
    const refused = (): Promise<unknown> => provision(nats).catch((error: unknown) => error);
    await until(async () => isSluiceError(await refused(), 'LOG_MISSING'));
  });
});
