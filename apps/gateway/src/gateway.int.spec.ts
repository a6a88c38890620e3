import { SUBJECTS } from '@sluice/contracts';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';

import { PLAN_HASH } from './fixtures.suite.js';
import { Harness } from './harness.suite.js';

describe('gateway', () => {
  let harness: Harness;
  let braked: string;

  beforeAll(async () => {
    harness = await Harness.start({ outcomeMs: 600, commandMs: 600 });
    braked = await harness.planter.plan('web', 'braked');
    await harness.planter.brake(braked);
    await harness.whenRev(braked, 4);
  });
  afterAll(() => harness.stop());

  describe('reading', () => {
    it('TAR-16 tells group, config, package, time, batches, status of a rollout', async () => {
      const { status, body, headers } = await harness.json(`/v1/rollouts/${braked}`);
      expect(status).toBe(200);
      expect(headers.get('etag')).toMatch(/^"4-[\w-]{16}"$/);
      expect(body).toMatchObject({
        id: braked,
        group: 'web',
        version: '2.0.0',
        state: 'braked',
        rev: 4,
        brake: { words: 'the canary failed: lost 1 of 1' },
        plan: {
          spec: { artifact: { url: 'file:///hello-2.0.0.tgz' }, profile: { kind: 'process' } },
          waits: { bakeMs: 0 },
        },
        batches: [
          { name: 'canary', from: 0, to: 1, status: 'current' },
          { name: 'batch 1', from: 1, to: 3, status: 'pending' },
        ],
      });
      expect(body['actions']).toEqual(expect.arrayContaining(['retry', 'cancel']));
      expect(body['startedAt']).toBeGreaterThan(0);
    });

    it('TAR-18 tells the hosts one to one with name, address and state, page by page', async () => {
      await harness.putMember({ group: 'web', app: 'hello', host: 'web-01', endpoint: '10.0.0.1:8080' });
      await vi.waitFor(async () => {
        const { body } = await harness.json(`/v1/rollouts/${braked}/targets?limit=2`);
        expect(body['items']).toMatchObject([
          {
            index: 0,
            host: 'web-01',
            address: '10.0.0.1:8080',
            phase: 'failed',
            code: 'EXIT',
            canary: true,
            serving: false,
          },
          { index: 1, host: 'web-02', address: null, phase: 'pending' },
        ]);
      });
      const first = await harness.json(`/v1/rollouts/${braked}/targets?limit=2`);
      const rest = await harness.json(`/v1/rollouts/${braked}/targets?limit=2&cursor=${String(first.body['next'])}`);
      expect(rest.body).toMatchObject({ items: [{ host: 'web-03' }], next: null });
      const failed = await harness.json(`/v1/rollouts/${braked}/targets?phase=failed`);
      expect(failed.body).toMatchObject({ items: [{ host: 'web-01' }], next: null });
    });

    it('TAR-35 reports p50 and p95 of the steps', async () => {
      const { body } = await harness.json(`/v1/rollouts/${braked}/report`);
      expect(body).toMatchObject({
        state: 'braked',
        steps: [
          { step: 'drain', count: 1, failed: 0, p50: 20, p95: 20 },
          { step: 'download', count: 1, p50: 40, p95: 40 },
          { step: 'install', count: 1, failed: 1, p50: 90, p95: 90 },
        ],
        stages: [{ name: 'canary', targets: 1 }],
        brakes: [{ words: 'the canary failed: lost 1 of 1' }],
      });
    });

    it('lists rollouts by state and group', async () => {
      const { body } = await harness.json('/v1/rollouts?state=braked&group=web&limit=1');
      expect(body).toMatchObject({ items: [{ id: braked, state: 'braked' }], next: null });
      expect((await harness.json('/v1/rollouts?state=succeeded')).body).toEqual({ items: [], next: null });
    });

    it('tells a group: members with running version, lease, exclusions, history', async () => {
      await harness.putGroup('db.main');
      await harness.putMember({ group: 'db.main', app: 'hello', host: 'db-1', running: '1.0.0', serving: true });
      await harness.planter.group(
        'db.main',
        { type: 'LeaseGranted', rolloutId: braked, token: 3 },
        { type: 'HostExcluded', host: 'db-1', reason: 'disk' },
        { type: 'VersionSucceeded', version: '1.0.0', rolloutId: braked, strategy: 'canary', sha256: 'ab'.repeat(32) },
      );
      await vi.waitFor(async () => {
        const { body } = await harness.json('/v1/groups/db.main');
        expect(body).toMatchObject({
          name: 'db.main',
          app: 'hello',
          active: braked,
          token: 3,
          versions: { '1.0.0': 1 },
          history: [{ version: '1.0.0' }],
          memberPage: { items: [{ host: 'db-1', running: '1.0.0', excluded: 'disk' }], next: null },
        });
      });
      const { body } = await harness.json('/v1/groups');
      expect((body['items'] as { name: string }[]).map(({ name }) => name)).toContain('db.main');
    });

    it('serves the schema of a deploy request and is ready', async () => {
      expect((await harness.json('/v1/schemas/deploy-request')).body).toMatchObject({ title: 'Deploy request' });
      expect((await harness.json('/health/live')).body).toEqual({ status: 'ok' });
      expect((await harness.json('/health/ready')).body).toMatchObject({ ready: true });
    });
  });

  describe('commanding', () => {
    it('says so when nobody takes commands, with Retry-After', async () => {
      const answer = await harness.post(`/v1/rollouts/${braked}/commands/pause`, {});
      expect(answer).toMatchObject({ status: 503, body: { code: 'NO_RESPONDER' } });
      expect(answer.headers.get('retry-after')).toBe('2');
    });

    it('TRS-10 each action that is not listed is a 409 with the list', async () => {
      const actions = ['retry', 'cancel', 'setMode'];
      const said = harness.serve('rollout', ({ command, target }) => {
        const { type } = command as { type: string };
        if (actions.includes(type)) return { ok: true, target, state: 'running', rev: 9, actions };
        return {
          ok: false,
          code: 'NOT_OFFERED',
          message: `${type} is not possible`,
          details: { state: 'braked', actions },
        };
      });
      const bodies: Record<string, object> = {
        approve: { approval: 'canary', planHash: PLAN_HASH },
        reject: { approval: 'canary' },
        skip: { host: 'web-01' },
        override: { extraFailures: 1 },
        mode: { mode: 'manual' },
        interval: { interval: '30s' },
      };
      const verbs = [
        'approve',
        'reject',
        'pause',
        'resume',
        'cancel',
        'rollback',
        'retry',
        'skip',
        'override',
        'proceed',
        'mode',
        'interval',
        'close',
      ];
      for (const verb of verbs) {
        const answer = await harness.post(`/v1/rollouts/${braked}/commands/${verb}`, {
          ...bodies[verb],
          reason: 'test',
        });
        const offered = actions.includes(verb) || verb === 'mode';
        expect([verb, answer.status]).toEqual([verb, offered ? 200 : 409]);
        expect([verb, answer.body['actions']]).toEqual([verb, actions]);
      }
      expect(said.map(({ command }) => (command as { type: string }).type)).toHaveLength(verbs.length);
      expect(said.find(({ command }) => (command as { type: string }).type === 'setInterval')).toMatchObject({
        command: { intervalMs: 30_000 },
      });
    });

    it('XIM-02 passes on who says it, why, the key and the expected rev', async () => {
      const said = harness.serve('group', ({ target }) => ({ ok: true, target, state: 'idle', rev: 5, actions: [] }));
      const headers = { 'x-sluice-actor': 'service:scheduler', 'idempotency-key': 'key-1', 'if-match': '"4"' };
      const answer = await harness.post(
        '/v1/groups/web.a%20b/commands/exclude',
        { host: 'h1', reason: 'disk' },
        headers,
      );
      expect(answer).toMatchObject({ status: 200, body: { rev: 5, state: 'idle' } });
      expect(answer.headers.get('etag')).toBe('"5"');
      expect(said).toEqual([
        {
          v: 1,
          id: 'key-1',
          target: 'web.a b',
          command: { type: 'exclude', host: 'h1' },
          actor: { id: 'scheduler', kind: 'service' },
          reason: 'disk',
          expectedRev: 4,
        },
      ]);
    });

    it('stores what an inventory says', async () => {
      const said = harness.serve('inventory', ({ target }) => ({
        ok: true,
        target,
        state: 'stored',
        rev: 7,
        actions: [],
      }));
      const put = {
        method: 'PUT',
        headers: { 'content-type': 'application/yaml' },
        body: 'app: hello\nenvironment: test\nmembers: [a, b]\n',
      };
      expect(await harness.json('/v1/inventory/groups/web', put)).toMatchObject({ status: 200, body: { rev: 7 } });
      expect(said[0]).toMatchObject({
        target: 'web',
        command: { type: 'replaceGroup', group: { name: 'web', members: ['a', 'b'] } },
      });
      expect(await harness.json('/v1/inventory/groups/web', { ...put, body: 'name: other' })).toMatchObject({
        status: 422,
        body: { faults: [{ path: '/name' }] },
      });
    });

    it('says that it is not known whether a command was done when no answer comes', async () => {
      harness.nats.subscribe(SUBJECTS.command('variable'));
      harness.nats.subscribe(SUBJECTS.command('dependency'));
      const silent = await Harness.start({ commandMs: 100 });
      try {
        silent.nats.subscribe(SUBJECTS.command('group'));
        await silent.nats.flush();
        const answer = await silent.post('/v1/groups/web/commands/exclude', { host: 'h1' });
        expect(answer).toMatchObject({ status: 504, body: { code: 'NO_ANSWER' } });
      } finally {
        await silent.stop();
      }
    });
  });
});
