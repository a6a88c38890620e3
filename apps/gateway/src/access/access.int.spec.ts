import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';

import { addressOf, examplesOn, type OpenApi, type Operation, operationsOf } from '../examples.suite.js';
import { PLAN_HASH } from '../fixtures.suite.js';
import { Harness } from '../harness.suite.js';
import { PERMISSIONS, PUBLIC, ROLES } from './permissions.js';
import { newToken } from './tokens.js';
import { TokenStore } from './token-store.js';

interface Sent {
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

const ROOT = { id: 'root', kind: 'user' } as const;

describe('MOM-05 who may do what', () => {
  let harness: Harness;
  let rollout: string;
  let operations: readonly Operation[];
  let ids = 0;
  const store = (): TokenStore =>
    new TokenStore(harness.nats, () => `01TKEN${String((ids += 1)).padStart(20, '0')}`, Date.now);
  const mint = async (subject: string, ...roles: string[]): Promise<{ token: string; id: string }> => {
    const { token, record } = await store().create(newToken({ subject, roles }, ROOT, Date.now()));
    await vi.waitFor(async () => expect((await call('GET', '/v1/me', token)).status).toBe(200));
    return { token, id: record.id };
  };
  const call = (method: string, path: string, token?: string, more: Sent = {}): Promise<Response> =>
    harness.fetch(path, {
      method,
      headers: {
        ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
        ...(more.body === undefined ? {} : { 'content-type': 'application/json' }),
        ...more.headers,
      },
      ...(more.body === undefined ? {} : { body: JSON.stringify(more.body) }),
    });
  const outcomeOf = async (
    operation: Operation,
    token: string | undefined,
    group = 'web',
  ): Promise<[number, string]> => {
    const example = examplesOn({ rollout, group, planHash: PLAN_HASH, token: 'none' })[operation.id];
    if (example === undefined) throw new Error(`no example for ${operation.id}`);
    const response = await call(operation.method, addressOf(operation, example), token, { body: example.body });
    const text = await response.text();
    return [response.status, text];
  };

  beforeAll(async () => {
    harness = await Harness.start({ outcomeMs: 20, commandMs: 100 }, false);
    rollout = await harness.planter.plan('web', 'guarded');
    for (const name of ['web', 'db']) await harness.putGroup(name);
    operations = operationsOf((await harness.json('/docs-json')).body as unknown as OpenApi);
    for (const aggregate of ['rollout', 'group', 'inventory'] as const)
      harness.serve(aggregate, ({ target }) => ({ ok: true, target, state: 'running', rev: 1, actions: [] }));
    harness.serve('plan', () => ({ ok: false, faults: [] }));
  });
  afterAll(() => harness.stop());

  it('every operation has a rule, and every rule an operation', () => {
    const ruled = [...Object.keys(PERMISSIONS), ...PUBLIC];
    expect(operations.map(({ id }) => id).toSorted()).toEqual(ruled.toSorted());
  });

  it('without a token nothing is told but that one is needed', async () => {
    for (const operation of operations) {
      const [status, text] = await outcomeOf(operation, undefined);
      expect([operation.id, status]).toEqual([operation.id, PUBLIC.has(operation.id) ? 200 : 401]);
      expect(text).not.toContain(rollout);
    }
    const response = await call('GET', '/v1/rollouts');
    expect(response.headers.get('www-authenticate')).toBe('Bearer realm="sluice"');
    expect(await response.json()).toMatchObject({
      code: 'UNAUTHENTICATED',
      detail: expect.stringContaining('sluice token create') as unknown,
    });
  });

  it('each cell of (role, operation) is as the table says, everywhere and in a group', async () => {
    for (const role of ROLES) {
      const [everywhere, inWeb, inDb] = [
        await mint(`user:${role}`, role),
        await mint(`user:${role}-web`, `${role}:web`),
        await mint(`user:${role}-db`, `${role}:db`),
      ];
      for (const operation of operations) {
        const rule = PERMISSIONS[operation.id];
        if (rule === undefined) continue;
        const may = rule.roles.includes(role);
        // What is cut to the role's groups is there for every group; a body's group is checked like an address's.
        const isCut = rule.scope === 'some' && !['createRequest', 'createPreview'].includes(operation.id);
        const cell = async (token: string): Promise<boolean> => {
          const [status, text] = await outcomeOf(operation, token);
          expect([operation.id, status, text]).not.toEqual([operation.id, 401, expect.anything()]);
          const refused = { code: 'FORBIDDEN', details: { roles: rule.roles } };
          expect(status === 403 ? JSON.parse(text) : refused).toMatchObject(refused);
          return status !== 403;
        };
        expect([role, operation.id, await cell(everywhere.token)]).toEqual([role, operation.id, may]);
        const inGroup = may && rule.scope !== 'all';
        expect([role, 'in web', operation.id, await cell(inWeb.token)]).toEqual([
          role,
          'in web',
          operation.id,
          inGroup,
        ]);
        const elsewhere = inGroup && isCut;
        expect([role, 'in db', operation.id, await cell(inDb.token)]).toEqual([role, 'in db', operation.id, elsewhere]);
      }
    }
  }, 60_000);

  it('a role in one group sees nothing of the others in any list', async () => {
    const { token } = await mint('user:di', 'viewer:db');
    const groups = (await (await call('GET', '/v1/groups', token)).json()) as { items: { name: string }[] };
    expect(groups.items.map(({ name }) => name)).toEqual(['db']);
    expect(await (await call('GET', '/v1/rollouts', token)).json()).toEqual({ items: [], next: null });
    const app = (await (await call('GET', '/v1/apps/hello/versions', token)).json()) as { groups: { items: object[] } };
    expect(app.groups.items).toMatchObject([{ group: 'db' }]);
  });

  it('the actor is the token: its header is ignored, unless a service administers everything', async () => {
    const said = harness.serve('group', ({ target }) => ({ ok: true, target, state: 'idle', rev: 1, actions: [] }));
    const [ana, admin, service] = [
      await mint('user:ana', 'operator'),
      await mint('user:al', 'admin'),
      await mint('service:console', 'admin'),
    ];
    const exclude = async (token: string): Promise<unknown> => {
      const before = said.length;
      const all = { 'x-sluice-actor': 'user:bo' };
      for (let i = 0; said.length === before && i < 20; i += 1)
        await call('POST', '/v1/groups/web/commands/exclude', token, {
          body: { host: 'h', reason: 'r' },
          headers: all,
        });
      return said.at(-1)?.['actor'];
    };
    expect(await exclude(ana.token)).toEqual({ id: 'ana', kind: 'user' });
    expect(await exclude(admin.token)).toEqual({ id: 'al', kind: 'user' });
    expect(await exclude(service.token)).toEqual({ id: 'bo', kind: 'user' });
    const named = { app: 'hello', group: 'web', requestedBy: { id: 'bo', kind: 'user' } };
    const asked = await call('POST', '/v1/requests', ana.token, { body: named });
    expect([asked.status, await asked.json()]).toMatchObject([403, { code: 'NOT_YOU' }]);
  });

  it('a token that was taken back, is past its time or is wrong is refused; no answer holds it', async () => {
    const good = await mint('user:ed', 'viewer');
    const me = await call('GET', '/v1/me', good.token);
    expect(await me.json()).toEqual({ actor: { id: 'ed', kind: 'user' }, grants: [{ role: 'viewer', groups: '*' }] });
    const secret = good.token.slice(31);
    for (const wrong of [
      `${good.token.slice(0, -1)}${good.token.endsWith('A') ? 'B' : 'A'}`,
      `slc_${'0'.repeat(26)}_${secret}`,
      'x',
      'slc_',
      'a b',
    ]) {
      const response = await call('GET', '/v1/me', wrong);
      const text = await response.text();
      expect([wrong, response.status]).toEqual([wrong, 401]);
      expect(text).not.toContain(secret.slice(0, 20));
    }
    const past = await store().create(
      newToken({ subject: 'user:fi', roles: ['viewer'], expiresIn: '1ms' }, ROOT, Date.now() - 10),
    );
    await vi.waitFor(async () =>
      expect(await (await call('GET', '/v1/me', past.token)).json()).toMatchObject({ code: 'TOKEN_EXPIRED' }),
    );
    await store().revoke(good.id, ROOT);
    await vi.waitFor(async () =>
      expect(await (await call('GET', '/v1/me', good.token)).json()).toMatchObject({ code: 'TOKEN_REVOKED' }),
    );
  });

  it('a live stream ends when its token is taken back', async () => {
    const short = await Harness.start({ heartbeatMs: 50 }, true);
    try {
      const id = await short.planter.plan('web', 'live');
      await short.whenRev(id, 0);
      const made = await short.post('/v1/tokens', { subject: 'user:gy', roles: ['admin'] });
      const headers = { authorization: `Bearer ${String(made.body['token'])}`, accept: 'text/event-stream' };
      const stream = await short.fetch(`/v1/rollouts/${id}/events`, { headers });
      const revoke = async (): Promise<unknown> =>
        short.json(`/v1/tokens/${String(made.body['id'])}`, { method: 'DELETE', headers });
      let told = '';
      let revoked: Promise<unknown> | undefined;
      for await (const piece of stream.body ?? []) {
        told += new TextDecoder().decode(piece as Uint8Array);
        if (told.includes('event: live')) revoked ??= revoke();
      }
      expect(await revoked).toMatchObject({ status: 200, body: { revokedBy: { id: 'gy' } } });
    } finally {
      await short.stop();
    }
  });
});

describe('local mode', () => {
  it('is open until the first token is made, and never again; to pages of other sites never', async () => {
    const harness = await Harness.start({}, true);
    try {
      expect((await harness.json('/v1/me')).body).toMatchObject({ actor: { id: 'local' } });
      const foreign = await harness.json('/v1/me', { headers: { origin: 'https://evil.example' } });
      expect(foreign).toMatchObject({ status: 403, body: { code: 'FOREIGN_ORIGIN' } });
      expect((await harness.json('/v1/me', { headers: { origin: harness.gateway.url } })).status).toBe(200);
      const made = await harness.post('/v1/tokens', { subject: 'user:ana', roles: ['admin'] });
      expect([made.status, made.body['grants']]).toEqual([201, [{ role: 'admin', groups: '*' }]]);
      expect((await harness.json('/v1/me')).status).toBe(401);
      const authorization = `Bearer ${String(made.body['token'])}`;
      const listed = await harness.json('/v1/tokens', { headers: { authorization } });
      expect(listed.body['items']).toMatchObject([{ subject: { id: 'ana' }, createdBy: { id: 'local' } }]);
      expect(JSON.stringify(listed.body)).not.toMatch(/sha256|slc_/);
      await harness.json(`/v1/tokens/${String(made.body['id'])}`, { method: 'DELETE', headers: { authorization } });
      expect((await harness.json('/v1/me')).status).toBe(401);
    } finally {
      await harness.stop();
    }
  });

  it('refuses roles that mean nothing', async () => {
    const harness = await Harness.start({}, true);
    try {
      for (const roles of [[], ['god'], ['operator:'], ['operator:web*'], 'admin', ['viewer:*,a'], [7]])
        expect([roles, (await harness.post('/v1/tokens', { subject: 'user:ana', roles })).status]).toEqual([
          roles,
          422,
        ]);
      expect((await harness.post('/v1/tokens', { subject: 'ana', roles: ['viewer'] })).status).toBe(422);
    } finally {
      await harness.stop();
    }
  });

  it('counts calls: 429 with Retry-After for one token, while another goes on', async () => {
    const harness = await Harness.start({ calls: { perSecond: 1, burst: 5 } }, false);
    try {
      const statuses: number[] = [];
      for (let i = 0; i < 8; i += 1) statuses.push((await harness.fetch('/v1/me')).status);
      expect(statuses.slice(0, 5)).toEqual([401, 401, 401, 401, 401]);
      const refused = await harness.json('/v1/me');
      expect(refused).toMatchObject({ status: 429, body: { code: 'TOO_MANY_CALLS' } });
      expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);
      expect((await harness.fetch('/health/live')).status).toBe(200);
      // What applications poll has a count of its own.
      expect((await harness.fetch('/v1/weights/web')).status).toBe(401);
    } finally {
      await harness.stop();
    }
  });
});
