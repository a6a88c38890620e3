import type { CommandEnvelope, DependencyCommand, DependencyEvent } from '@sluice/contracts';
import { InMemoryEventLog } from '@sluice/event-log';
import { newUlid, systemClock } from '@sluice/observability';
import { haproxyMissing, NO_HAPROXY, type RunningHaproxy, startHaproxy } from '@sluice/testing';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import { Balancers } from '../balancer/balancers.js';
import { HaproxyBalancer } from '../balancer/haproxy.js';
import { silentLogger } from '../ports.js';
import { opossumBreaker } from './breaker.js';
import { Dependencies } from './dependencies.js';
import { dependencyStream } from './dependency-actor.js';

if (haproxyMissing) process.stderr.write(NO_HAPROXY);

/** Longer than any pause of a busy machine between two lines. */
const RETRY_MS = 2_000;
const PATIENT = { timeout: 30_000, interval: 20 };
const place = { balancer: 'main', backend: 'hello', host: 'web-01', app: 'hello', group: 'hello-web' };

let log: InMemoryEventLog;
const running: Dependencies[] = [];

/** One executor's view of `main`, on the log that all of them share. */
async function newDependencies(): Promise<Dependencies> {
  const dependencies = new Dependencies({
    ...{ log, clock: systemClock, newId: newUlid, logger: silentLogger, names: ['main', 'cmdb'] },
    newBreaker: opossumBreaker({ failures: 5, windowMs: 60_000, retryMs: RETRY_MS }),
  });
  running.push(dependencies);
  await dependencies.start();
  return dependencies;
}

async function history(name = 'main'): Promise<DependencyEvent[]> {
  const events: DependencyEvent[] = [];
  for await (const commit of log.read(dependencyStream(name))) events.push(...commit.events);
  return events;
}

const types = async (): Promise<string[]> => (await history()).map(({ type }) => type);

const say = (command: DependencyCommand, id: string, reason?: string): CommandEnvelope<DependencyCommand> => ({
  ...{ v: 1, id, target: 'main', command, actor: { id: 'ana', kind: 'user' } },
  ...(reason === undefined ? {} : { reason }),
});

const fail = (): Promise<never> => Promise.reject(new Error('connect ECONNREFUSED'));
const succeed = (): Promise<string> => Promise.resolve('ok');

async function failTimes(dependencies: Dependencies, times: number): Promise<string[]> {
  const kinds: string[] = [];
  for (let i = 0; i < times; i += 1) kinds.push((await dependencies.call('main', fail)).kind);
  return kinds;
}

beforeEach(() => {
  log = new InMemoryEventLog();
});

afterEach(async () => {
  await Promise.all(running.splice(0).map((dependencies) => dependencies.stop()));
});

describe('a dependency behind its breaker', () => {
  it('TAR-41 is left alone after five failures, asked once more in a while, and used again when that works', async () => {
    const dependencies = await newDependencies();
    expect(await failTimes(dependencies, 4)).toEqual(['failing', 'failing', 'failing', 'failing']);
    expect(await types()).toEqual([]);
    await failTimes(dependencies, 1);
    const left = await dependencies.call('main', succeed);
    expect(left).toMatchObject({ kind: 'down', words: expect.stringContaining('ECONNREFUSED') });
    await vi.waitFor(async () => expect(await types()).toEqual(['DependencyOpened', 'DependencyHalfOpened']), PATIENT);
    expect(await dependencies.call('main', succeed)).toEqual({ kind: 'done', value: 'ok' });
    await vi.waitFor(async () => expect((await types()).at(-1)).toBe('DependencyClosed'), PATIENT);
    expect((await history())[0]).toMatchObject({
      words: '5 of 5 calls failed, the last with: connect ECONNREFUSED',
    });
  });

  it('TAR-41 what one executor found out holds for the others, and is told once', async () => {
    const [one, other] = [await newDependencies(), await newDependencies()];
    await failTimes(one, 5);
    await vi.waitFor(() => expect(other.states()[0]?.passage).not.toBe('closed'), PATIENT);
    await vi.waitFor(async () => expect((await one.call('main', succeed)).kind).toBe('done'), PATIENT);
    await vi.waitFor(async () => expect((await other.call('main', succeed)).kind).toBe('done'), PATIENT);
    expect((await types()).filter((type) => type === 'DependencyClosed')).toHaveLength(1);
  });

  it('an answer that refuses is no sign that it is down', async () => {
    const dependencies = await newDependencies();
    const refuse = () =>
      new HaproxyBalancer({ path: '/nowhere' }).drain({ backend: ';', target: place, endpoint: undefined });
    for (let i = 0; i < 10; i += 1)
      expect(await dependencies.call('main', refuse)).toMatchObject({ kind: 'refused', code: 'DEPENDENCY_REFUSED' });
    expect(await types()).toEqual([]);
  });
});

describe('a forced mode', () => {
  it('TAR-43 one command forces it open, with actor, reason and an end that comes by itself', async () => {
    const [dependencies, other] = [await newDependencies(), await newDependencies()];
    const forced = say({ type: 'force', mode: 'open', forMs: 6_000 }, 'c1', 'it lies');
    expect(await dependencies.command(forced)).toMatchObject({ ok: true, state: 'open', rev: 1 });
    expect(await dependencies.command(forced), 'the same command again').toMatchObject({ ok: true, rev: 1 });
    expect(await dependencies.call('main', succeed)).toMatchObject({
      kind: 'down',
      words: /forced open until .*: it lies/,
    });
    await vi.waitFor(async () => expect((await other.call('main', succeed)).kind).toBe('down'), PATIENT);
    for await (const { meta } of log.read(dependencyStream('main'))) {
      expect(meta[0]).toMatchObject({ by: { id: 'ana', kind: 'user' }, cause: 'command:c1' });
    }
    await vi.waitFor(async () => expect((await other.call('main', succeed)).kind).toBe('done'), PATIENT);
    await vi.waitFor(
      async () => expect((await history()).at(-1)).toMatchObject({ type: 'DependencyReleased', by: 'expiry' }),
      PATIENT,
    );
  });

  it('TAR-43 closed asks whatever the breaker says; released, the breaker decides again', async () => {
    const dependencies = await newDependencies();
    await failTimes(dependencies, 5);
    await dependencies.command(say({ type: 'force', mode: 'closed', forMs: 60_000 }, 'c2', 'I see it work'));
    expect(await dependencies.call('main', succeed)).toMatchObject({ kind: 'done' });
    expect(await dependencies.command(say({ type: 'release' }, 'c3', 'done'))).toMatchObject({ ok: true });
    expect(await dependencies.command(say({ type: 'release' }, 'c4', 'done'))).toMatchObject({ code: 'CONFLICT' });
    expect(await dependencies.command(say({ type: 'release' }, 'c5'))).toMatchObject({ code: 'REASON_NEEDED' });
    const unknown = { ...say({ type: 'release' }, 'c6', 'x'), target: 'mian' };
    expect(await dependencies.command(unknown)).toMatchObject({ code: 'NOT_FOUND' });
  });

  it('outlives a restart', async () => {
    const before = await newDependencies();
    await before.command(say({ type: 'force', mode: 'open', forMs: 60_000 }, 'c7', 'it lies'));
    await before.stop();
    expect(await (await newDependencies()).call('main', succeed)).toMatchObject({ kind: 'down' });
  });
});

describe.skipIf(haproxyMissing)('HAProxy behind its breaker (skipped without haproxy)', () => {
  let haproxy: RunningHaproxy;
  beforeEach(async () => {
    haproxy = await startHaproxy([{ name: 'web-01', port: 1 }]);
  });
  afterEach(() => haproxy.stop());

  it('TAR-41 killed, it is found down by its breaker; started again, it is used again', async () => {
    const dependencies = await newDependencies();
    const adapters = new Map([['main', new HaproxyBalancer({ path: haproxy.admin })]]);
    const balancers = new Balancers(adapters, dependencies, { endpointOf: () => Promise.resolve(undefined) });
    expect((await balancers.drain(place)).kind).toBe('done');
    expect(await balancers.sessions(place)).toEqual({ kind: 'done', value: 0 });
    await haproxy.kill();
    await vi.waitFor(async () => expect((await balancers.enable(place)).kind).toBe('down'), PATIENT);
    await haproxy.start();
    await vi.waitFor(async () => expect((await balancers.enable(place)).kind).toBe('done'), PATIENT);
    await vi.waitFor(async () => expect((await types()).at(-1)).toBe('DependencyClosed'), PATIENT);
    expect(await balancers.drain({ ...place, balancer: 'edge' })).toMatchObject({ kind: 'down' });
  });
});
