import { jetstreamManager } from '@nats-io/jetstream';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { STREAMS, SUBJECTS } from '@sluice/contracts';

import { PLAN_HASH } from '../fixtures.suite.js';
import { Harness } from '../harness.suite.js';

const REQUEST = {
  app: 'hello',
  group: 'web',
  version: '2.0.0',
  artifact: { url: 'file:///hello.tgz', sha256: 'ab'.repeat(32) },
};

const LOCAL = { id: 'local', kind: 'user' };

const YAML = `
app: hello
group: web
version: "2.0.0"
artifact:
  url: file:///hello.tgz
  sha256: ${'ab'.repeat(32)}
`;

describe('requesting', () => {
  let harness: Harness;
  const rollout = 'r07-0123456789ABCDEFGHJKMNPQRS';

  beforeAll(async () => {
    harness = await Harness.start({ outcomeMs: 600, commandMs: 600 });
  });
  afterAll(() => harness.stop());

  it('XIM-03 takes the same document as JSON and as YAML into the queue, as one content', async () => {
    const [json, yaml] = [
      await harness.post('/v1/requests', REQUEST),
      await harness.post('/v1/requests', YAML, { 'content-type': 'application/yaml' }),
    ];
    expect([json.status, yaml.status]).toEqual([202, 202]);
    expect(json.body['requestId']).toBe(yaml.body['requestId']);
    const manager = await jetstreamManager(harness.nats);
    const { state } = await manager.streams.info(STREAMS.requests);
    const last = await manager.streams.getMessage(STREAMS.requests, { seq: state.last_seq });
    expect(last?.json()).toEqual({ ...REQUEST, requestedBy: LOCAL });
    expect(last?.subject).toBe(SUBJECTS.deployRequest('hello'));
  });

  it.each([
    ['planned', 201],
    ['duplicate', 200],
  ])('waits for the outcome: %s is %d', async (outcome, status) => {
    const id = `wait-${outcome}`;
    harness.nats.subscribe(SUBJECTS.allRequests, {
      max: 1,
      callback: () =>
        harness.nats.publish(
          SUBJECTS.outcome(id),
          JSON.stringify({ v: 1, requestId: id, outcome, rolloutId: rollout, planHash: PLAN_HASH }),
        ),
    });
    const answer = await harness.post('/v1/requests', { ...REQUEST, id });
    expect(answer).toMatchObject({ status, body: { requestId: id, outcome, rolloutId: rollout } });
    expect(answer.headers.get('location')).toBe(`/v1/rollouts/${rollout}`);
  });

  it('tells every fault of a refused request', async () => {
    const faults = [
      { path: '/app', code: 'REQUIRED', message: 'is missing' },
      { path: '/version', code: 'BAD_VERSION', message: 'is bad' },
    ];
    harness.nats.subscribe(SUBJECTS.allRequests, {
      max: 1,
      callback: () =>
        harness.nats.publish(
          SUBJECTS.outcome('bad'),
          JSON.stringify({ v: 1, requestId: 'bad', outcome: 'refused', faults }),
        ),
    });
    const { status, body, headers } = await harness.post('/v1/requests', { id: 'bad', version: 2 });
    expect(status).toBe(422);
    expect(headers.get('content-type')).toContain('application/problem+json');
    expect(body).toMatchObject({ code: 'REQUEST_REFUSED', faults, details: { requestId: 'bad' } });
  });

  it('previews through the planner', async () => {
    expect(await harness.post('/v1/previews', REQUEST)).toMatchObject({
      status: 503,
      body: { code: 'NO_RESPONDER' },
    });
    const said = harness.serve('plan', (document) =>
      document['app'] === 'hello'
        ? { ok: true, preview: { planHash: PLAN_HASH, batches: [] } }
        : { ok: false, faults: [{ path: '/app', code: 'REQUIRED', message: 'is missing' }] },
    );
    expect(await harness.post('/v1/previews', YAML, { 'content-type': 'application/yaml' })).toMatchObject({
      status: 200,
      body: { planHash: PLAN_HASH },
    });
    expect(said[0]).toEqual({ ...REQUEST, requestedBy: LOCAL });
    expect(await harness.post('/v1/previews', {})).toMatchObject({
      status: 422,
      body: { faults: [{ path: '/app' }] },
    });
  });
});
