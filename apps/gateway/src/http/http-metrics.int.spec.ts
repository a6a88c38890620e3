import { openMetrics, type SpanRecord } from '@sluice/observability';
import { SUBJECTS } from '@sluice/contracts';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';

import { Harness } from '../harness.suite.js';

const request = { app: 'hello', group: 'web', version: '2', artifact: { url: 'file:///x', sha256: 'ab'.repeat(32) } };
const above = `00-${'0a'.repeat(16)}-${'0b'.repeat(8)}-01`;

describe('what looks on at the API', () => {
  let harness: Harness;
  const spans: SpanRecord[] = [];
  beforeAll(async () => {
    const metrics = await openMetrics({ process: false });
    const seen = { metrics, metricsPage: metrics, spans: { emit: (span: SpanRecord) => void spans.push(span) } };
    harness = await Harness.start({ outcomeMs: 20 }, true, seen);
  });
  afterAll(() => harness.stop());

  const page = async (): Promise<readonly string[]> => (await (await harness.fetch('/metrics')).text()).split('\n');

  it('answers are counted by route, never by address; rollouts by state; live clients', async () => {
    const id = await harness.planter.plan('web', 'metrics');
    await vi.waitFor(async () => expect((await harness.fetch(`/v1/rollouts/${id}`)).status).toBe(200));
    for (const path of ['/v1/rollouts/none', '/v1/groups/none', '/nothing/here', '/nothing/there'])
      await harness.fetch(path);
    const lines = await page();
    expect(lines).toEqual(
      expect.arrayContaining([
        'sluice_http_requests_total{method="GET",route="/v1/groups/:name",status="404"} 1',
        'sluice_http_requests_total{method="GET",route="/v1/rollouts/:id",status="404"} 1',
        'sluice_rollouts_by_state{state="planned"} 1',
        'sluice_rollouts_by_state{state="braked"} 0',
        'sluice_live_clients 0',
      ]),
    );
    expect(lines.join('\n')).not.toContain(id);
    expect(lines.join('\n')).not.toContain('/nothing');
  });

  it('a request carries its trace to the queue, below the one of whoever called', async () => {
    const heard = new Promise<string | undefined>((resolve) => {
      harness.nats.subscribe(SUBJECTS.allRequests, {
        callback: (_error, message) => resolve(message.headers?.get('traceparent')),
      });
    });
    expect((await harness.post('/v1/requests', request, { traceparent: above })).status).toBe(202);
    const span = spans.at(-1);
    expect(await heard).toBe(`00-${'0a'.repeat(16)}-${span?.at.spanId}-01`);
    expect(span).toMatchObject({ name: 'request', kind: 'server', parent: '0b'.repeat(8) });
    await harness.post('/v1/requests', request, { traceparent: 'nonsense' });
    expect(spans.at(-1)?.parent).toBeUndefined();
  });

  it('the page needs a token as soon as there is one', async () => {
    const root = await harness.post('/v1/tokens', { subject: 'user:root', roles: ['admin'] });
    await vi.waitFor(async () => expect((await harness.fetch('/metrics')).status).toBe(401));
    const headers = { authorization: `Bearer ${String(root.body['token'])}` };
    expect((await harness.fetch('/metrics', { headers })).status).toBe(200);
  });
});
