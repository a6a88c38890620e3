import type { NatsConnection } from '@nats-io/nats-core';
import {
  type CommandEnvelope,
  type CommandResult,
  type FleetCommand,
  shardOfGroup,
  SUBJECTS,
  type VariableCommand,
  type VariableEvent,
  variableTarget,
} from '@sluice/contracts';
import { JetStreamEventLog } from '@sluice/event-log';
import { connectNats, provision, type RunningService, silentLog } from '@sluice/messaging';
import { newUlid, systemClock } from '@sluice/observability';
import { type RunningNatsServer, startNatsServer } from '@sluice/testing';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';

import { accepted, allStates, FLEET, fleetOf, GATE, hostsOf, specOf } from '../fixtures/fleets.suite.js';
import { startExecutor } from '../start-executor.js';
import { Fleets } from './fleets.js';
import { variableStream } from './names.js';

const MINUTE = 60_000;
const PATIENT = { timeout: MINUTE, interval: 20 };
const LEASE_MS = 1_500;

let server: RunningNatsServer;
let nats: NatsConnection;
let log: JetStreamEventLog;
const executors: RunningService[] = [];

async function join(): Promise<RunningService> {
  const executor = await startExecutor({
    ...{ nats, servers: server.url, log, clock: systemClock, logger: silentLog, newId: newUlid, leaseMs: LEASE_MS },
  });
  executors.push(executor);
  return executor;
}

/** As anybody with a NATS client says it: plain JSON in, plain JSON out. */
async function say(aggregate: 'variable', command: VariableCommand, name: string, id?: string): Promise<CommandResult>;
async function say(aggregate: 'fleet', command: FleetCommand, name?: string, id?: string): Promise<CommandResult>;
async function say(
  aggregate: 'variable' | 'fleet',
  command: VariableCommand | FleetCommand,
  name?: string,
  id = newUlid(),
): Promise<CommandResult> {
  const target = aggregate === 'fleet' || name === undefined ? FLEET : variableTarget(FLEET, name);
  const envelope: CommandEnvelope<unknown> = { v: 1, id, target, command, actor: GATE, reason: 'because' };
  const reply = await nats.request(SUBJECTS.command(aggregate), JSON.stringify(envelope), { timeout: 30_000 });
  return reply.json<CommandResult>();
}

async function events(variable: string): Promise<VariableEvent[]> {
  const all: VariableEvent[] = [];
  for await (const commit of log.read(variableStream(FLEET, variable))) all.push(...(commit.events as VariableEvent[]));
  return all;
}

const flipsOf = async (variable: string): Promise<number[]> =>
  (await events(variable)).flatMap((event) => (event.type === 'ValuesAssigned' ? [...event.hosts] : []));

/** A new variable for each try of a test. */
async function ramp(durationMs: number): Promise<string> {
  const name = `v-${newUlid()}`;
  const spec = specOf({ name, schedule: { kind: 'linear', durationMs } });
  accepted(await say('variable', { type: 'define', spec }, name));
  accepted(await say('variable', { type: 'ramp' }, name));
  return name;
}

const types = async (variable: string): Promise<string[]> => (await events(variable)).map(({ type }) => type);

describe('fleets over NATS', { timeout: 2 * MINUTE }, () => {
  beforeAll(async () => {
    server = await startNatsServer();
    nats = await connectNats({ servers: server.url, name: 'fleets' });
    await provision(nats);
    log = new JetStreamEventLog(nats);
    await Promise.all([join(), join()]);
    accepted(await say('fleet', { type: 'join', hosts: [...hostsOf('login', 40), ...hostsOf('web', 60)] }));
  }, MINUTE);
  afterAll(async () => {
    await Promise.all(executors.map((executor) => executor.stop()));
    await nats.close();
    await server.stop();
  }, MINUTE);

  it('TSU-03 a ramp goes on over restarts of its executors: each host changes once, and all have it at the end', async () => {
    const docker = await ramp(6_000);
    for (let i = 0; i < 2; i += 1) {
      const flipped = (await flipsOf(docker)).length;
      await executors.shift()?.stop();
      await join();
      await vi.waitFor(
        async () => expect((await flipsOf(docker)).length).toBeGreaterThan(Math.min(99, flipped)),
        PATIENT,
      );
    }
    await vi.waitFor(async () => expect(await types(docker)).toContain('RampFinished'), PATIENT);
    const flips = await flipsOf(docker);
    expect([flips.length, new Set(flips).size]).toEqual([100, 100]);
  });

  it('TSU-10 a breach stops it, and what is read anew is what was', async () => {
    const kernel = await ramp(MINUTE);
    await vi.waitFor(async () => expect((await flipsOf(kernel)).length).toBeGreaterThan(2), PATIENT);
    accepted(await say('fleet', { type: 'breach', words: 'errors 3%', numbers: { errors: 3 }, variables: [kernel] }));
    const stopped = (await events(kernel)).find(({ type }) => type === 'RampStopped');
    expect(stopped).toMatchObject({ cause: { kind: 'breach', numbers: { errors: 3 } } });
    const read = async (): Promise<readonly unknown[]> => {
      const fleets = new Fleets({ log, clock: systemClock, newId: newUlid, shards: [shardOfGroup(FLEET)] });
      await fleets.start();
      const states = allStates(fleetOf(fleets)).map((state) => state?.[kernel]);
      await fleets.stop();
      return states;
    };
    const flips = new Set(await flipsOf(kernel));
    expect(await read()).toEqual(Array.from({ length: 100 }, (_, host) => (flips.has(host) ? 'B' : 'A')));
  });

  it('TSU-01 answers for what is unknown, wrong or said twice', async () => {
    expect(await say('variable', { type: 'pause' }, 'unheard')).toMatchObject({ ok: false, code: 'NOT_FOUND' });
    expect(await say('variable', { type: 'leap' } as never, 'unheard')).toMatchObject({
      ok: false,
      code: 'BAD_COMMAND',
    });
    expect(await say('fleet', { type: 'join', hosts: [] } as never)).toMatchObject({ ok: false, code: 'BAD_COMMAND' });
    const [id, kernel] = [newUlid(), await ramp(MINUTE)];
    const reversed = await say('variable', { type: 'reverse' }, kernel, id);
    expect(reversed).toMatchObject({ ok: true, state: 'reversing' });
    expect(await say('variable', { type: 'reverse' }, kernel, id)).toMatchObject({ ok: true });
    expect((await types(kernel)).filter((type) => type === 'RampReversed')).toHaveLength(1);
  });
});
