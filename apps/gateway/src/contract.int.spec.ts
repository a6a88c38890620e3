import { Ajv2020 } from 'ajv/dist/2020.js';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';

import { type GroupEntry, type PlanPreview, SUBJECTS } from '@sluice/contracts';

import { addressOf, type Described, examplesOn, type OpenApi, type Operation, operationsOf } from './examples.suite.js';
import { PLAN_HASH, SIDES, verdictOf } from './fixtures.suite.js';
import { Harness } from './harness.suite.js';

describe('the OpenAPI document is kept', () => {
  let harness: Harness;
  let document: OpenApi;
  let ajv: Ajv2020;
  let examples: ReturnType<typeof examplesOn>;

  beforeAll(async () => {
    harness = await Harness.start({ outcomeMs: 2_000, commandMs: 600 });
    const rollout = await harness.planter.plan('web', 'contract');
    await harness.planter.brake(rollout);
    shift = await plantShift(harness, rollout);
    await harness.planter.group(
      'web',
      { type: 'LeaseGranted', rolloutId: rollout, token: 1 },
      { type: 'HostExcluded', host: 'web-03', reason: 'disk' },
      { type: 'VersionBlocked', version: '0.9.0', reason: 'it leaks', rolloutId: rollout },
      { type: 'VersionSucceeded', version: '1.0.0', rolloutId: rollout, strategy: 'canary', sha256: 'ab'.repeat(32) },
      { type: 'VersionSucceeded', ...SHIFTED, rolloutId: rollout, sha256: 'ab'.repeat(32) },
    );
    await harness.putGroup('web', GROUP);
    await harness.putMember({
      group: 'web',
      app: 'hello',
      host: 'web-01',
      running: '1.0.0',
      serving: true,
      lastSeen: 1,
    });
    await harness.putTemplate('careful', { batches: '10%' });
    await harness.putMember({ group: 'web', app: 'hello', host: 'web-02', endpoint: null, running: null });
    await harness.planter.variable();
    await harness.whenRev(rollout, 4);
    await vi.waitFor(async () => {
      const { body } = await harness.json('/v1/groups/web');
      if (body['members'] !== 2 || body['rev'] !== 1) throw new Error('the read models are not there yet');
    });
    const kept = await harness.post('/v1/tokens', { subject: 'user:root', roles: ['admin'] });
    admin = { authorization: `Bearer ${String(kept.body['token'])}` };
    const other = await harness.post('/v1/tokens', { subject: 'user:other', roles: ['viewer:web'] }, admin);
    examples = examplesOn({ rollout, group: 'web', planHash: PLAN_HASH, token: String(other.body['id']) });
    document = (await harness.json('/docs-json')).body as unknown as OpenApi;
    ajv = new Ajv2020({ strict: false, allErrors: true, validateFormats: false });
    ajv.addSchema(sealed({ $id: 'openapi', components: document.components }) as object);
    for (const aggregate of [
      'rollout',
      'group',
      'inventory',
      'dependency',
      'freeze',
      'hold',
      'label',
      'variable',
      'fleet',
    ] as const)
      harness.serve(aggregate, ({ target }) => ({ ok: true, target, state: 'running', rev: 5, actions: ['pause'] }));
    harness.serve('plan', () => ({
      ok: true,
      preview: { ...PREVIEW, plan: planned },
    }));
    const planned = ((await harness.json(`/v1/rollouts/${rollout}`, { headers: admin })).body as { plan: object }).plan;
    harness.nats.subscribe(SUBJECTS.agentOutput('web-01'), {
      callback: (_error, message) => void message.respond(JSON.stringify({ ok: true, text: 'x', truncated: false })),
    });
    harness.nats.subscribe(SUBJECTS.allRequests, {
      callback: (_error, message) => {
        const { id } = message.json<{ id: string }>();
        const outcome = { v: 1, requestId: id, outcome: 'planned', rolloutId: rollout, planHash: PLAN_HASH };
        harness.nats.publish(SUBJECTS.outcome(id), JSON.stringify(outcome));
      },
    });
  });
  let shift = '';
  let admin: Record<string, string> = {};
  afterAll(() => harness.stop());

  const send = (operation: Operation, headers: Record<string, string> = {}): Promise<Response> => {
    const example = examples[operation.id];
    if (example === undefined) throw new Error(`no example for ${operation.id}`);
    return harness.fetch(addressOf(operation, example), {
      method: operation.method,
      headers: { ...admin, ...(example.body === undefined ? {} : { 'content-type': 'application/json' }), ...headers },
      ...(example.body === undefined ? {} : { body: JSON.stringify(example.body) }),
    });
  };

  const described = ({ path, method }: Operation): Described => {
    const found = document.paths[path]?.[method.toLowerCase()];
    if (found === undefined) throw new Error(`${method} ${path} is not described`);
    return found;
  };

  /** What is wrong with an answer; empty when it is as the document says. */
  async function faultsOf(operation: Operation, response: Response): Promise<string[]> {
    const answer = described(operation).responses[String(response.status)];
    const text = await response.text();
    if (answer === undefined) return [`status ${response.status} is not documented: ${text}`];
    const type = (response.headers.get('content-type') ?? '').split(';')[0] ?? '';
    const schema = answer.content?.[type === 'application/schema+json' ? 'application/json' : type]?.schema;
    if (schema === undefined) return [`${response.status} as "${type}" has no schema`];
    const validate = ajv.compile({ ...JSON.parse(JSON.stringify(schema).replaceAll('"#/', '"openapi#/')) } as object);
    validate(JSON.parse(text));
    return (validate.errors ?? []).map(
      ({ instancePath, message, params }) => `${instancePath} ${message} ${JSON.stringify(params)}`,
    );
  }

  it('each operation, called with a valid example, answers what its schema says and nothing else', async () => {
    for (const operation of operationsOf(document)) {
      const response = await send(operation);
      expect([operation.id, response.status]).toEqual([operation.id, examples[operation.id]?.status ?? 200]);
      expect([operation.id, await faultsOf(operation, response)]).toEqual([operation.id, []]);
    }
  });

  it('what was is told as documented: rollout, targets, group, variable', async () => {
    const asked = { getRollout: '@999', listTargets: '2026-01-01T00:00:30Z', getGroup: '@999', getVariable: '1m' };
    for (const operation of operationsOf(document)) {
      const at = (asked as Record<string, string>)[operation.id];
      const example = examples[operation.id];
      if (at === undefined || example === undefined) continue;
      const address = addressOf(operation, { ...example, query: `?at=${encodeURIComponent(at)}` });
      const response = await harness.fetch(address, { headers: admin });
      expect([operation.id, response.status]).toEqual([operation.id, 200]);
      expect((await response.clone().json()) as object).toHaveProperty('at.position');
      expect([operation.id, await faultsOf(operation, response)]).toEqual([operation.id, []]);
    }
  });

  it('a shift of traffic is told as documented: rollout, report, list', async () => {
    for (const operation of operationsOf(document).filter(({ id }) => ['getRollout', 'getReport'].includes(id))) {
      const address = operation.path.replace('{id}', shift);
      const response = await harness.fetch(address, { headers: admin });
      expect([operation.id, response.status, await faultsOf(operation, response)]).toEqual([operation.id, 200, []]);
    }
  });

  it('a refusal is as documented too, for each operation', async () => {
    for (const operation of operationsOf(document)) {
      const response = await send(operation, { authorization: 'Bearer none' });
      const isOpen = response.status === 200;
      expect([operation.id, await faultsOf(operation, response), isOpen ? '' : response.status]).toEqual([
        operation.id,
        [],
        isOpen ? '' : 401,
      ]);
    }
  });

  it('each read has an ETag, and answers 304 without a body while it holds', async () => {
    for (const operation of operationsOf(document).filter(
      ({ method, id }) => method === 'GET' && id !== 'listEvents',
    )) {
      const etag = (await send(operation)).headers.get('etag') ?? '';
      expect([operation.id, etag]).toEqual([operation.id, expect.stringMatching(/^"[\w-]+"$/)]);
      const again = await send(operation, { 'if-none-match': `"other", ${etag}` });
      expect([operation.id, again.status, await again.text()]).toEqual([operation.id, 304, '']);
      expect([operation.id, (await send(operation, { 'if-none-match': '"other"' })).status]).toEqual([
        operation.id,
        200,
      ]);
    }
  });

  it('the ETag of a group as it was read is what If-Match takes, though more than its rev stands in it', async () => {
    const etag = (await harness.fetch('/v1/groups/web', { headers: admin })).headers.get('etag') ?? '';
    const said = harness.serve('group', ({ target }) => ({ ok: true, target, state: 'idle', rev: 2, actions: [] }));
    for (let i = 0; said.length === 0 && i < 20; i += 1)
      await harness.post('/v1/groups/web/commands/exclude', { host: 'h', reason: 'r' }, { ...admin, 'if-match': etag });
    expect(said[0]).toMatchObject({ expectedRev: 1 });
  });
});

/** A shift of traffic of the same group, with its weights, and verdicts of both. */
async function plantShift(harness: Harness, rollout: string): Promise<string> {
  const { planter } = harness;
  const shift = await planter.planShift('web', 'shift');
  await planter.shift(shift);
  await planter.write('exec', shift, { type: 'RolloutFrozen', freeze: 'f-1', until: 9, words: 'holidays' });
  await planter.write('gate', rollout, verdictOf('errors', [0.2]), verdictOf('shadow', [0.2], true));
  await harness.putWeights('web', 1, { flip: 95, flop: 5 }, shift);
  return shift;
}

const SHIFTED = { version: '1.1.0', strategy: 'traffic', side: 'flip' } as const;

/** All that a preview may say beside its plan. */
const PREVIEW: Omit<PlanPreview, 'plan'> = {
  planHash: PLAN_HASH,
  batches: [{ name: 'canary', hosts: ['web-01'], profiles: { 'web-01': 0 } }],
  truncated: true,
  unreachable: ['web-01'],
  unreachableCount: 1,
  estimate: {
    totalMs: 7_000,
    parts: { waitsMs: 1_000, bakeMs: 1_000, rounds: 1, startMs: 3_000, verifyMs: 1_000, switchMs: 1_000 },
    words: '7 s',
  },
  inventory: { source: 'cmdb', version: 7, fetchedAt: 1, ageMs: 2, note: 'it is being moved' },
};

/** All that an inventory may say of a group. */
const GROUP: Omit<GroupEntry, 'name' | 'app' | 'environment'> = {
  profile: { kind: 'process', command: ['node', 'a.js'], stopGraceMs: 1_000, recreate: true },
  profiles: [{ labels: { arch: 'arm64' }, profile: { kind: 'exec', steps: { install: ['a'] }, stepTimeoutMs: 1_000 } }],
  verify: { path: '/', port: 80, status: 200, successes: 1, intervalMs: 100, timeoutMs: 1_000 },
  drainWindowMs: 0,
  selector: { cluster: 'fra' },
  sides: { ...SIDES, publish: [{ publisher: 'edge', backend: 'search' }] },
};

/** Objects of answers hold what is documented and nothing else. */
function sealed(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(sealed);
  if (typeof schema !== 'object' || schema === null) return schema;
  const inner = Object.fromEntries(Object.entries(schema).map(([key, value]) => [key, sealed(value)]));
  const isObject = 'properties' in schema && 'type' in schema && !('additionalProperties' in schema);
  return isObject ? { ...inner, additionalProperties: false } : inner;
}
