import { randomBytes } from 'node:crypto';

import { type CommandAggregate, type CommandResult, type Hello, parseHello, SUBJECTS } from '@sluice/contracts';
import type { Running } from '@sluice/demo';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { type BadCommand, badGroupCommands, badInventoryCommands, badRolloutCommands } from './support/bad-commands.js';
import { type Garbage, garbageFor } from './support/bad-http.js';
import { FAULTY, POISONED, SOUND, UNREADABLE } from './support/bad-requests.js';
import { changed, lastEvents, logCounts } from './support/log.js';
import { rawPublish } from './support/raw-nats.js';
import { BOT, Site } from './support/site.js';

const SUBJECT = SUBJECTS.deployRequest('hello');
const HOSTS = ['a-01', 'a-02'] as const;
const MIB = 1 << 20;

let site: Site;
let up: Running;
/** A rollout that waits for its canary's approval while everybody misbehaves. */
let open: string;

beforeAll(async () => {
  site = await Site.prepare([
    { name: 'shop', app: 'hello', hosts: HOSTS },
    { name: 'nobody', app: 'hello', hosts: [] },
  ]);
  up = await site.up();
  site.startAgents(HOSTS);
  await site.api.reach(await site.roll('shop', '1.0.0'), 'succeeded');
  open = await site.roll('shop', '2.0.0', { strategy: 'canary', bake: '0s', canary: { host: 'a-01' } });
  await site.api.reach(open, 'awaiting-approval');
}, 90_000);
afterAll(() => site.stop(), 30_000);

/** What bad input must leave as it is: the rollout's state, its group, and what runs on the hosts. */
async function world(): Promise<unknown> {
  const group = await site.api.get<Record<string, unknown>>('/v1/groups/shop');
  const versions = await Promise.all(HOSTS.map((host) => site.runs(host, 'hello')));
  return { rollout: await site.api.rollout(open), group: { ...group, memberPage: undefined }, versions };
}

/** Does it, and returns which subjects of the log have changed, once what it did must be there. */
async function inLog(act: () => Promise<unknown>): Promise<readonly string[]> {
  const before = await logCounts(site.nats);
  await act();
  return changed(before, await logCounts(site.nats));
}

const flat = (faults: readonly { path: string; code: string }[] = []) =>
  faults.map(({ path, code }) => `${path} ${code}`).toSorted();

describe('bad requests', () => {
  it('get an outcome with every fault and its path, in the log too, and change nothing', async () => {
    const before = await world();
    for (const { what, payload, faults } of [...UNREADABLE, ...POISONED, ...FAULTY]) {
      let outcome: Awaited<ReturnType<Site['publish']>> | undefined;
      const subjects = await inLog(async () => (outcome = await site.publish(SUBJECT, payload)));
      expect(outcome, what).toMatchObject({ outcome: 'refused' });
      expect(flat(outcome?.faults), what).toEqual(faults.map((fault) => fault.join(' ')).toSorted());
      for (const { message } of outcome?.faults ?? []) expect(message.length, what).toBeGreaterThan(15);
      expect(subjects.length, what).toBe(1);
      const [refused] = await lastEvents(site.nats, subjects[0] ?? '');
      expect(refused, what).toMatchObject({ type: 'RequestRefused', faults: outcome?.faults });
    }
    expect(await world()).toEqual(before);
  });

  it('are told with 4xx and the same faults over HTTP', async () => {
    const before = await world();
    for (const { what, payload, faults } of FAULTY) {
      for (const path of ['/v1/requests', '/v1/previews']) {
        const { status, body } = await post(path, payload);
        expect({ status, code: body.code }, `${path}: ${what}`).toEqual({ status: 422, code: 'REQUEST_REFUSED' });
        for (const [at, code] of faults) expect(flat(body.faults), what).toContain(`${at} ${code}`);
      }
    }
    for (const { what, payload } of [...UNREADABLE, ...POISONED]) {
      const { status } = await post('/v1/requests', payload);
      expect([400, 422], what).toContain(status);
    }
    expect(await world()).toEqual(before);
  });
});

interface Told {
  readonly status: number;
  readonly body: { readonly code?: string; readonly faults?: readonly { path: string; code: string }[] };
}

async function post(path: string, payload: string | Uint8Array, type = 'application/json'): Promise<Told> {
  const response = await fetch(site.api.url + path, {
    method: 'POST',
    headers: { 'content-type': type },
    body: payload as NonNullable<RequestInit['body']>,
  });
  return { status: response.status, body: (await response.json()) as Told['body'] };
}

describe('large messages', () => {
  it('of 10 MB do not get into NATS, by our client or by none', async () => {
    const before = await world();
    const large = Buffer.alloc(10 * MIB, 0x20);
    expect(() => site.nats.publish(SUBJECT, large)).toThrow(/payload/i);
    const subjects = await inLog(async () => {
      expect(await rawPublish(site.natsPort, SUBJECT, large)).not.toContain('PONG');
    });
    expect(subjects).toEqual([]);
    expect(await world()).toEqual(before);
  });

  it('of just under 1 MiB are refused by size, whatever is in them', async () => {
    const document = Buffer.from(JSON.stringify({ ...SOUND, reason: 'x'.repeat(MIB - 500) }));
    expect(document.length).toBeLessThan(MIB);
    for (const payload of [document, randomBytes(MIB - 1)]) {
      const outcomes = site.nats.subscribe('sluice.outcome.*', { max: 1 });
      await site.nats.flush();
      expect(await rawPublish(site.natsPort, SUBJECT, payload)).toContain('PONG');
      for await (const message of outcomes)
        expect(message.json()).toMatchObject({ outcome: 'refused', faults: [{ path: '', code: 'TOO_LARGE' }] });
    }
  });

  it('of 10 MB get 413 over HTTP', async () => {
    for (const type of ['application/json', 'application/yaml']) {
      const { status, body } = await post('/v1/requests', Buffer.alloc(10 * MIB, 0x20), type);
      expect({ status, code: body.code }).toEqual({ status: 413, code: 'MESSAGE_TOO_LARGE' });
    }
  });
});

describe('bad commands', () => {
  it('are refused with a code that says what is wrong, and change nothing', async () => {
    const before = await world();
    const rollout = await site.api.rollout(open);
    const subjects = await inLog(async () => {
      await refuseAll('rollout', badRolloutCommands(open, rollout?.planHash ?? '', BOT));
      await refuseAll('group', badGroupCommands('shop'));
      await refuseAll('inventory', badInventoryCommands('shop'));
    });
    expect(subjects).toEqual([]);
    expect(await world()).toEqual(before);
  });

  it('over HTTP are never a 5xx, whatever the operation, the address, the body and the headers', async () => {
    const before = await world();
    const garbage = await garbageFor(site.api, { id: open, name: 'shop' });
    expect(garbage.length).toBeGreaterThan(300);
    const tell = async ({ what, path, init }: Garbage): Promise<string> => {
      const response = await fetch(site.api.url + path, init);
      const { code } = (await response.json().catch(() => ({}))) as { code?: string };
      return `${what}: ${response.status} ${code ?? ''}`;
    };
    const subjects = await inLog(async () => {
      const answers: string[] = [];
      for (let i = 0; i < garbage.length; i += 16)
        answers.push(...(await Promise.all(garbage.slice(i, i + 16).map(tell))));
      // 429 would say that the garbage was not looked at.
      expect(answers.filter((answer) => !/: (4(?!29)\d\d [A-Z_]+|200 |404 )$/.test(answer))).toEqual([]);
    });
    // That a request was refused stands in the log; nothing else does.
    expect(subjects.filter((subject) => !/\.plan\.q/.test(subject))).toEqual([]);
    expect(await world()).toEqual(before);
  });
});

async function refuseAll(aggregate: CommandAggregate, commands: readonly BadCommand[]): Promise<void> {
  const surprises: string[] = [];
  for (const { what, payload, code, says = /.{15}/ } of commands) {
    const answer = await site.nats.request(SUBJECTS.command(aggregate), payload, { timeout: 10_000 });
    const told = answer.json<CommandResult>();
    if (told.ok || told.code !== code || !says.test(told.message))
      surprises.push(`${aggregate}, ${what}: wanted ${code} ${says}, got ${JSON.stringify(told)}`);
  }
  expect(surprises).toEqual([]);
}

describe('bad heartbeats', () => {
  interface Groups {
    readonly items: readonly { readonly name: string; readonly members: number; readonly versions: object }[];
  }
  const groups = async (): Promise<unknown> =>
    (await site.api.get<Groups>('/v1/groups'))?.items.map(({ name, members, versions }) => ({
      name,
      members,
      versions,
    }));

  it('make no host, no group and no version out of nothing', async () => {
    const hello = await nextHello();
    const before = await groups();
    const app = { ...hello.apps[0], running: '6.6.6', group: 'shop' };
    const lies: readonly (readonly [string, string | Uint8Array])[] = [
      ['a-01', '{'],
      ['a-01', Uint8Array.of(0xff)],
      ['a-01', 'x'.repeat(900_000)],
      ['a-01', JSON.stringify({ ...hello, apps: 'all' })],
      ['evil', JSON.stringify({ ...hello, apps: [app] })],
      ['a-02', JSON.stringify({ ...hello, apps: [app] })],
      ['../..', JSON.stringify({ ...hello, host: '../..', apps: [{ ...app, group: 'a.>' }] })],
      ['evil', JSON.stringify({ ...hello, host: 'evil', apps: [{ ...app, app: 'other' }] })],
    ];
    for (const [host, payload] of lies) site.nats.publish(SUBJECTS.hello(host), payload);
    await site.nats.flush();
    // Two more true ones: by then the false ones have been heard.
    for (let i = 0; i < 2; i += 1) await nextHello();
    expect(await groups()).toEqual(before);
  });

  async function nextHello(): Promise<Hello> {
    for await (const message of site.nats.subscribe(SUBJECTS.hello('a-01'), { max: 1 }))
      return parseHello(message.data);
    throw new Error('the subscription ended');
  }
});

describe('afterwards', () => {
  it('the same process serves, and a good request goes through', async () => {
    await site.api.ready();
    expect(process.kill(up.pid, 0)).toBe(true);
    await site.api.approve(open, 'canary', 'verified');
    await site.api.approve(open, 'batches', 'baked');
    await site.api.reach(open, 'succeeded');
    expect(await Promise.all(HOSTS.map((host) => site.runs(host, 'hello')))).toEqual(['2.0.0', '2.0.0']);
  });
});
