import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';

import { HOSTS, SECRETS, ShortRun, type ToldSpan } from './short-run.suite.js';

const CALLER = { traceId: '0af7651916cd43dd8448eb211c80319c', spanId: 'b7ad6b7169203331' };
const TRACEPARENT = `00-${CALLER.traceId}-${CALLER.spanId}-01`;

/** `service name`, and below it its children in the order of their ends; those of several hosts by host. */
function treeBelow(spans: readonly ToldSpan[], parent: string, depth = 0): readonly string[] {
  const children = spans.filter((span) => span.parent === parent);
  return children.flatMap((span) => [
    `${'  '.repeat(depth)}${span.service} ${span.name}${span.fault === undefined ? '' : ` ! ${span.fault}`}`,
    ...treeBelow(spans, span.at.spanId, depth + 1),
  ]);
}

const ofTrace = (spans: readonly ToldSpan[]): readonly ToldSpan[] =>
  spans.filter(({ at }) => at.traceId === CALLER.traceId);

describe('one trace from the request to the last step', () => {
  let run: ShortRun;
  beforeAll(async () => {
    run = await ShortRun.start();
  });
  afterAll(() => run.stop());

  it('a request over HTTP, planner, executor and real agents tell one tree', async () => {
    const rollout = await run.request('1.0.0', { traceparent: TRACEPARENT });
    await run.untilState(rollout, 'succeeded');
    await vi.waitFor(() => expect(ofTrace(run.spans).some(({ name }) => name === 'rollout hello')).toBe(true));
    const steps = ['drain', 'download', 'install', 'verify', 'enable'];
    const stage = (name: string): readonly string[] => [
      `      executor ${name}`,
      '        agent run roll',
      ...steps.map((step) => `          agent ${step}`),
    ];
    expect(treeBelow(ofTrace(run.spans), CALLER.spanId)).toEqual([
      'gateway request',
      '  planner plan',
      '    executor rollout hello',
      ...stage('batch 1'),
      ...stage('batch 2'),
    ]);
  });

  it('each span lies within the one above it, names the rollout and no secret', () => {
    const spans = ofTrace(run.spans);
    expect(spans).toHaveLength(17);
    expect(new Set(spans.map(({ at }) => at.spanId)).size).toBe(17);
    for (const span of spans) {
      expect(span.to).toBeGreaterThanOrEqual(span.from);
      const above = spans.find(({ at }) => at.spanId === span.parent);
      // Planning is over before what it planned begins.
      if (above === undefined || above.service === 'planner') continue;
      expect([span.name, span.from >= above.from - 1_000]).toEqual([span.name, true]);
    }
    expect(spans.flatMap(({ attributes }) => attributes['host'] ?? []).length).toBe(12);
    expect(new Set(spans.flatMap(({ attributes }) => attributes['host'] ?? []))).toEqual(new Set(HOSTS));
    for (const secret of SECRETS) expect(JSON.stringify(spans)).not.toContain(secret);
  });

  it('a step that failed is a fault of its span, of its run, of its stage and of the rollout', async () => {
    run.spans.length = 0;
    const rollout = await run.request('6.6.6', { traceparent: TRACEPARENT });
    await run.untilState(rollout, 'braked', 'failed');
    await fetch(`${run.url}/v1/rollouts/${rollout}/commands/cancel`, { method: 'POST' });
    await run.untilState(rollout, 'cancelled', 'failed');
    await vi.waitFor(() => expect(ofTrace(run.spans).some(({ name }) => name === 'rollout hello')).toBe(true));
    const faults = ofTrace(run.spans).filter(({ fault }) => fault !== undefined);
    expect(faults.map(({ service, name }) => `${service} ${name}`)).toEqual(
      expect.arrayContaining(['agent install', 'agent run roll', 'executor batch 1', 'executor rollout hello']),
    );
  });
});
