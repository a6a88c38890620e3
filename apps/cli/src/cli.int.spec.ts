import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import { loadConfig } from '@sluice/config';
import type { RolloutDetail } from '@sluice/gateway';
import { newUlid } from '@sluice/observability';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { parse } from 'yaml';

import { type Ran, sluice } from './cli.suite.js';
import { Api } from './client/api.js';
import { EXIT } from './client/exit.js';
import { OPERATIONS } from './client/operations.js';
import { tellsThePast } from './past/past.suite.js';
import { SERVICES } from './services/starting.js';
import { requestFirst, requestFor } from './up/first-rollout.js';
import { type RunningUp, startUp } from './up/up.js';

const MINUTE = 60_000;

describe('sluice up and the command line on it', () => {
  let folder: string;
  let up: RunningUp;
  const cli = (...args: string[]): Promise<Ran> => sluice(up.url, ...args);
  const options = () => ({
    dataDir: folder,
    httpHost: '127.0.0.1',
    httpPort: 0,
    natsPort: 0,
    logLevel: 'silent' as const,
    demoFleet: true,
    services: SERVICES,
    config: loadConfig({}),
  });

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'sluice up '));
    up = await startUp(options());
    if (up.fleet === undefined) throw new Error('no fleet');
    await requestFirst(new Api({ url: up.url, newId: newUlid, sleep: (ms) => sleep(ms) }), up.fleet);
    for (const group of ['hello-web', 'hello-test'])
      await vi.waitFor(() => ended(group), { timeout: 30_000, interval: 200 });
  }, MINUTE);
  afterAll(async () => {
    await up?.stop();
    await rm(folder, { recursive: true, force: true });
  }, MINUTE);

  async function ended(group: string): Promise<void> {
    const { out } = await cli('list', '--group', group, '--state', 'succeeded');
    if (!out.includes('succeeded')) throw new Error(`${group} has no version yet`);
  }

  const release = (place: number, extras: object = {}): string => {
    const packed = up.fleet?.releases[place];
    if (packed === undefined) throw new Error('no such release');
    return JSON.stringify({
      ...requestFor('hello-web', packed),
      interval: '0s',
      bake: '100ms',
      startTimeout: '2s',
      ...extras,
    });
  };

  it('XIM-01 calls every operation of the OpenAPI document, and nothing else', async () => {
    const document = (await (await fetch(`${up.url}/docs-json`)).json()) as {
      paths: Record<string, Record<string, { operationId: string }>>;
    };
    const documented = Object.entries(document.paths).flatMap(([path, methods]) =>
      Object.entries(methods).map(([method, { operationId }]) => `${operationId} ${method.toUpperCase()} ${path}`),
    );
    const called = Object.entries(OPERATIONS).map(([name, [method, path]]) => `${name} ${method} ${path}`);
    // And the other way round: what the API can do, the command line can.
    expect(called.toSorted()).toEqual(documented.toSorted());
  });

  it(
    'rolls a version out, each approval by somebody else than the requester',
    async () => {
      const preview = await cli('preview', release(1));
      expect(preview.out).toContain('canary   1     web-01');
      const requested = await cli(
        '--actor',
        'user:ana',
        '-o',
        'json',
        'request',
        release(1),
        '--wait',
        '--timeout',
        '20s',
      );
      expect([requested.exit, requested.err]).toEqual([EXIT.waiting, '']);
      const { id, planHash } = JSON.parse(requested.out) as RolloutDetail;
      const mine = await cli('--actor', 'user:ana', 'approve', id);
      expect([mine.exit, mine.err]).toEqual([
        EXIT.notAllowed,
        expect.stringContaining('somebody else must approve it'),
      ]);
      const canary = await cli(
        '--actor',
        'user:bo',
        'approve',
        id,
        '--wait',
        '--timeout',
        '20s',
        '--reason',
        'graphs are flat',
      );
      expect([canary.exit, canary.err]).toEqual([EXIT.waiting, expect.stringContaining(planHash)]);
      const batches = await cli('--actor', 'user:bo', 'approve', id, 'batches', '--wait', '--timeout', '30s');
      expect([batches.exit, batches.out]).toEqual([EXIT.ok, expect.stringContaining('4 done')]);
      const history = await cli('history', id);
      expect(history.out).toMatch(/bo +approved "canary" of plan [0-9a-f]{12}: graphs are flat/);
      expect(history.out).toMatch(/batch 1: 1 of 1 done in /);
      expect(await cli('watch', id)).toEqual({ exit: EXIT.ok, out: history.out, err: '' });
      expect((await cli('groups', 'hello-web')).out).toContain('2.0.0 x4');
      expect((await cli('targets', id)).out).toMatch(/web-01 \(canary\) +127\.0\.0\.1:\d+ +done/);
      expect((await cli('report', id)).out).toMatch(/verify +4 +0/);
      const labelled = await cli('--actor', 'user:bo', 'label', id, 'good', '--reason', 'graphs stayed flat');
      expect([labelled.exit, labelled.out]).toEqual([EXIT.ok, `${id} is labelled good`]);
      await vi.waitFor(async () => expect((await cli('get', id)).out).toContain('good, says bo'), 30_000);
      const again = await cli('--actor', 'user:ana', 'request', release(1));
      expect(again.out).toContain(`is this rollout already: ${id}`);
    },
    MINUTE,
  );

  it(
    'brakes a bad version, says why with the numbers, and rolls it back',
    async () => {
      const bad = await cli('-o', 'json', 'request', release(2), '--wait', '--timeout', '20s');
      expect(bad.exit).toBe(EXIT.waiting);
      const rollout = JSON.parse(bad.out) as RolloutDetail;
      expect(rollout).toMatchObject({ state: 'braked', brake: { kind: 'canary' } });
      const back = await cli('rollback', rollout.id, '--reason', 'bad build', '--wait', '--timeout', '30s');
      expect([back.exit, back.out]).toEqual([
        EXIT.ok,
        expect.stringMatching(/hello 2\.0\.0 to hello-web \(rollback\)/),
      ]);
      const { out } = await cli('history', rollout.id);
      expect(out).toMatch(/BRAKED: .*failed 1/);
      expect((await cli('watch', rollout.id)).exit).toBe(EXIT.failed);
      expect((await cli('-o', 'json', 'list', '--state', 'cancelled')).out).toContain(rollout.id);
    },
    MINUTE,
  );

  it('tells what was at any moment, what changed since, and plays it again', () => tellsThePast(cli));

  it('ends with a code that scripts can branch on', async () => {
    expect((await cli('get', 'r07-0123456789ABCDEFGHJKMNPQRS')).exit).toBe(EXIT.notFound);
    expect((await cli('frobnicate')).exit).toBe(EXIT.usage);
    expect((await cli('get')).exit).toBe(EXIT.usage);
    expect((await cli('exclude', 'hello-web', 'web-01')).exit).toBe(EXIT.usage);
    expect((await cli('--help')).out).toContain('Exit codes');
    const { items } = JSON.parse(await (await fetch(`${up.url}/v1/rollouts?state=succeeded&limit=1`)).text()) as {
      items: { id: string }[];
    };
    const conflict = await cli('pause', items[0]?.id ?? '');
    expect([conflict.exit, conflict.err]).toEqual([EXIT.conflict, expect.stringContaining('possible now:')]);
    const faulty = await cli('request', 'app: hello\ngroup: nowhere\nversion: 2\n');
    expect(faulty.exit).toBe(EXIT.error);
    for (const path of ['/artifact', '/version', '/group']) expect(faulty.err).toContain(path);
    expect(await sluice('http://127.0.0.1:1', 'list')).toMatchObject({
      exit: EXIT.error,
      err: expect.stringContaining('sluice up') as string,
    });
  });

  it('STR-09 TRS-18 shows which versions run side by side, in a group and over the groups of an app', async () => {
    const group = await cli('versions', 'hello-web');
    expect(group.out).toMatch(/one version +yes/);
    expect(group.out).toMatch(/2\.0\.0 +4 +4 +web-01, web-02/);
    const app = JSON.parse((await cli('-o', 'json', 'versions', '--app', 'hello')).out) as object;
    expect(app).toMatchObject({ app: 'hello', members: 6, consistent: false, versions: { '1.0.0': 2, '2.0.0': 4 } });
    expect((await cli('versions')).exit).toBe(EXIT.usage);
  });

  it(
    'TRS-07 rolls a candidate out again with the bytes that it had, once for a key',
    async () => {
      const candidates = await cli('-o', 'jsonl', 'candidates', 'hello-web');
      const [newest, oldest] = candidates.out.split('\n').map((line) => JSON.parse(line) as Record<string, unknown>);
      expect([newest, oldest]).toMatchObject([
        { version: '2.0.0', running: 4 },
        { version: '1.0.0', running: 0 },
      ]);
      const key = ['--key', 'again'];
      const told = await cli('--actor', 'user:ana', '-o', 'json', 'redeploy', 'hello-web', '1.0.0', ...key);
      expect([told.exit, told.err]).toEqual([EXIT.ok, '']);
      const { rolloutId: id } = JSON.parse(told.out) as { rolloutId: string };
      expect((await cli('--actor', 'user:ana', 'redeploy', 'hello-web', '1.0.0', ...key)).out).toContain(
        `already: ${id}`,
      );
      const { out } = await cli('-o', 'json', 'get', id);
      expect(JSON.parse(out)).toMatchObject({
        version: '1.0.0',
        plan: { spec: { artifact: { sha256: up.fleet?.releases[0]?.sha256 } }, requestedBy: { id: 'ana' } },
      });
      expect((await cli('cancel', id, '--wait', '--timeout', '20s')).exit).toBe(EXIT.failed);
      const blocked = await cli('redeploy', 'hello-web', '3.0.0');
      expect([blocked.exit, blocked.err]).toEqual([EXIT.conflict, expect.stringContaining('possible: 2.0.0, 1.0.0')]);
    },
    MINUTE,
  );

  it('answers in every format, and counts from a time on', async () => {
    const [json, yaml, lines] = [
      JSON.parse((await cli('-o', 'json', 'list')).out) as { id: string }[],
      parse((await cli('-o', 'yaml', 'list')).out) as { id: string }[],
      (await cli('-o', 'jsonl', 'list')).out.split('\n').map((line) => JSON.parse(line) as { id: string }),
    ];
    expect(json.length).toBeGreaterThan(1);
    expect(yaml).toEqual(json);
    expect(lines).toEqual(json);
    expect((await cli('-o', 'json', 'list', '--since', '1h')).out).toContain(json[0]?.id);
    expect((await cli('-o', 'json', 'list', '--since', '2099-01-01T00:00:00Z')).out).toBe('[]');
    expect((await cli('list', '--since', 'soon')).exit).toBe(EXIT.error);
    const stale = await cli('cancel', json[0]?.id ?? '', '--expected-version', '9999');
    expect([stale.exit, stale.err]).toEqual([EXIT.conflict, expect.stringContaining('VERSION_CONFLICT')]);
    expect((await cli('-o', 'json', 'schema')).out).toContain('Deploy request');
  });

  it('says to a group whom to leave out, and why', async () => {
    const said = await cli('exclude', 'hello-test', 'test-02', '--reason', 'disk');
    expect([said.exit, said.err]).toEqual([EXIT.ok, '']);
    await vi.waitFor(async () => expect((await cli('groups', 'hello-test')).out).toContain('test-02: disk'));
    expect((await cli('include', 'hello-test', 'test-02', '--reason', 'new disk')).exit).toBe(EXIT.ok);
  });

  it('stores a group that it is told', async () => {
    const said = await cli('inventory', 'other', 'app: hello\nenvironment: test\nmembers: [a, b]\n');
    expect([said.exit, said.err]).toEqual([EXIT.ok, '']);
    await vi.waitFor(async () => expect((await cli('groups')).out).toMatch(/other +hello +test +2/));
  });

  it('XIM-04 keeps plan templates, each change a version of its own', async () => {
    const said = await cli(
      'template',
      'put',
      'swift',
      'batches: 50%\nstepRetries: {verify: 7}\n',
      '--expected-version',
      '0',
    );
    expect([said.exit, said.err]).toEqual([EXIT.ok, '']);
    await vi.waitFor(async () => expect((await cli('template', 'list')).out).toMatch(/swift .* batches, stepRetries/), {
      timeout: 30_000,
    });
    expect((await cli('template', 'show', 'swift')).out).toMatch(/version +\d+[^]*batches: 50%/);
    const { version, fields } = JSON.parse((await cli('-o', 'json', 'template', 'show', 'swift')).out) as {
      version: number;
      fields: object;
    };
    expect(fields).toEqual({ batches: '50%', stepRetries: { verify: 7 } });
    expect(parse((await cli('-o', 'yaml', 'template', 'show', 'swift')).out)).toMatchObject({ name: 'swift', version });
    expect(JSON.parse((await cli('-o', 'jsonl', 'template', 'list')).out)).toMatchObject({
      name: 'swift',
      source: 'api',
    });
    const preview = JSON.parse((await cli('-o', 'json', 'preview', release(1, { template: 'swift' }))).out) as object;
    expect(preview).toMatchObject({ plan: { stepRetries: { verify: 7 } } });
    const late = await cli('template', 'put', 'swift', 'batches: 10%', '--expected-version', '0');
    expect([late.exit, late.err]).toEqual([EXIT.conflict, expect.stringContaining('VERSION_CONFLICT')]);
    const faulty = await cli('template', 'put', 'swift', 'version: 2\nbatch: 1\n');
    expect([faulty.exit, faulty.err]).toEqual([EXIT.error, expect.stringMatching(/version[^]*batch/)]);
    const seen = ['--expected-version', String(version)];
    expect(await cli('template', 'remove', 'swift', ...seen)).toMatchObject({ exit: EXIT.ok, err: '' });
    expect((await cli('template', 'remove', 'swift')).exit).toBe(EXIT.notFound);
    await vi.waitFor(async () => expect((await cli('template', 'show', 'swift')).exit).toBe(EXIT.notFound), {
      timeout: 30_000,
    });
  });

  it('refuses a second one on the same data folder', async () => {
    await expect(startUp(options())).rejects.toMatchObject({ code: 'ALREADY_UP' });
  });

  it('reads the configuration of an agent before anything starts', async () => {
    const file = join(folder, 'agent.yaml');
    await writeFile(file, 'host: a\n');
    const ran = await cli('agent', file);
    expect([ran.exit, ran.err]).toEqual([EXIT.error, expect.stringContaining('/apps')]);
    expect((await cli('agent', '--host', 'a')).exit).toBe(EXIT.usage);
  });

  it('MOM-05 the first token closes the door; whoever has one does what its roles allow', async () => {
    expect((await cli('whoami')).out).toMatch(/user:local[^]*admin/);
    const made = await cli('-o', 'json', 'token', 'create', 'user:ana', '--role', 'admin', '--nats', up.natsUrl);
    const { token } = JSON.parse(made.out) as { token: string };
    await vi.waitFor(async () => expect((await cli('list')).exit).toBe(EXIT.notAllowed));
    expect((await cli('list')).err).toContain('SLUICE_TOKEN');
    expect((await cli('--token', token, 'whoami')).out).toMatch(/user:ana[^]*admin/);
    const viewer = await cli(
      '--token',
      token,
      '-o',
      'json',
      'token',
      'create',
      'service:ci',
      '--role',
      'viewer:hello-web',
    );
    const { token: weak, id } = JSON.parse(viewer.out) as { token: string; id: string };
    const refused = await cli('--token', weak, 'exclude', 'hello-web', 'web-01', '--reason', 'r');
    expect([refused.exit, refused.err]).toEqual([
      EXIT.notAllowed,
      expect.stringContaining('needs the role operator or admin'),
    ]);
    expect((await cli('--token', weak, 'groups')).out).not.toContain('hello-test');
    expect((await cli('--token', token, 'token', 'list')).out).toMatch(/service:ci +viewer in hello-web .* counts/);
    expect((await cli('--token', token, 'token', 'revoke', id)).exit).toBe(EXIT.ok);
    expect((await cli('--token', weak, 'groups')).err).toContain('TOKEN_REVOKED');
    for (const { out, err } of [made, viewer]) expect(err + (out.match(/slc_/g) ?? []).length).toBe('1');
  });
});
