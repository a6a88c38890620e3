import type { DomainEvent, EventToAppend } from '@sluice/contracts';
import { SluiceError } from '@sluice/kernel';
import { afterEach, describe, expect, it } from 'vitest';

import { logMetrics } from './log-metrics.js';
import { METRICS_PATH, type RunningMetricsServer, serveMetrics } from './metrics-server.js';
import { silentMetrics } from './port.js';
import { createMetrics } from './prometheus.js';

const rendered = async (metrics: ReturnType<typeof createMetrics>): Promise<readonly string[]> =>
  (await metrics.render()).split('\n');

describe('metrics', () => {
  it('are told in the text format, and are the same when asked for twice', async () => {
    const metrics = createMetrics({ process: false });
    const spec = { name: 'sluice_things_total', help: 'Things.', labels: { kind: ['a', 'b'] } };
    metrics.counter(spec).add(2, { kind: 'a' });
    metrics.counter(spec).add(1, { kind: 'a' });
    const seconds = { name: 'sluice_things_seconds', help: 'Times.', buckets: [0.1, 1] };
    for (const value of [0.05, 0.1, 0.5, 7]) metrics.histogram(seconds).observe(value);
    expect(await rendered(metrics)).toEqual(
      expect.arrayContaining([
        '# TYPE sluice_things_total counter',
        'sluice_things_total{kind="a"} 3',
        '# TYPE sluice_things_seconds histogram',
        'sluice_things_seconds_bucket{le="0.1"} 2',
        'sluice_things_seconds_bucket{le="1"} 3',
        'sluice_things_seconds_bucket{le="+Inf"} 4',
        'sluice_things_seconds_sum 7.65',
        'sluice_things_seconds_count 4',
      ]),
    );
  });

  it('hold a bounded number of series, whatever comes from outside', async () => {
    const metrics = createMetrics({ process: false });
    const counter = metrics.counter({ name: 'sluice_a_total', help: 'A.', labels: { app: 3, outcome: ['good'] } });
    for (let i = 0; i < 1_000; i += 1) counter.add(1, { app: `app-${i}`, outcome: i % 2 === 0 ? 'good' : `bad-${i}` });
    const histogram = metrics.histogram({ name: 'sluice_b', help: 'B.', labels: { app: 2 }, buckets: [1] });
    for (let i = 0; i < 100; i += 1) histogram.observe(1, { app: `"${i}"\n` });
    const lines = await rendered(metrics);
    expect(lines.filter((line) => line.startsWith('sluice_a_total{')).length).toBeLessThanOrEqual(8);
    expect(lines).toContain('sluice_b_count{app="other"} 98');
    expect(lines.filter((line) => line.startsWith('sluice_b_count'))).toHaveLength(3);
    expect(lines).toContain(String.raw`sluice_b_count{app="\"0\"\n"} 1`);
  });

  it.each(['host', 'rollout', 'attempt'])('refuse a label %s', (label) => {
    const spec = { name: 'sluice_a_total', help: 'A.', labels: { [label]: 10 } };
    expect(() => createMetrics({ process: false }).counter(spec)).toThrow('must not have a label');
  });

  it('look at gauges when they are asked for; one that fails is left out, one that is taken away is gone', async () => {
    const metrics = createMetrics({ process: false });
    const spec = { name: 'sluice_open', help: 'Open.', labels: { state: ['running'] } };
    let open = 2;
    metrics.gauge(spec, () => [{ value: open, labels: { state: 'running' } }]);
    const remove = metrics.gauge(spec, async () => [{ value: 10, labels: { state: 'running' } }]);
    metrics.gauge(spec, () => Promise.reject(new Error('not now')));
    expect(await rendered(metrics)).toContain('sluice_open{state="running"} 12');
    remove();
    open = 3;
    expect(await rendered(metrics)).toContain('sluice_open{state="running"} 3');
  });

  it('of a process tell of Node.js too; silent ones do nothing', async () => {
    expect(await createMetrics().render()).toContain('nodejs_eventloop_lag_seconds');
    silentMetrics.counter({ name: 'x', help: 'x' }).add(1);
    silentMetrics.histogram({ name: 'x', help: 'x', buckets: [] }).observe(1);
    silentMetrics.gauge({ name: 'x', help: 'x' }, () => [])();
  });
});

describe('metrics of a log', () => {
  const step = { target: 0, step: 'install', n: 1, ms: 1_500 } as const;
  const failed = { code: 'SCRIPT_FAILED', message: 'x', serving: false };
  const events: readonly DomainEvent[] = [
    { type: 'StepSucceeded', ...step },
    { type: 'StepSucceeded', ...step },
    { type: 'StepFailed', ...step, ...failed },
    { type: 'TargetsAdmitted', run: 'roll', targets: [1, 2, 3], deadline: 0 },
    { type: 'RolloutBraked', cause: { kind: 'budget', words: '', numbers: {} } },
    { type: 'NoticeDelivered', notificationId: 'n', notificationType: 't', severity: 'info', position: 1 },
    {
      type: 'RequestRefused',
      requestId: 'r',
      documentHash: '',
      app: 'hello',
      faults: [
        { path: '/a', code: 'MISSING', message: '' },
        { path: '/b', code: 'MISSING', message: '' },
      ],
    },
  ];

  it('count what became durable, and what did not', async () => {
    const metrics = createMetrics({ process: false });
    const meter = logMetrics(metrics, 'executor');
    const meta: EventToAppend['meta'] = { by: { id: 'executor', kind: 'service' }, cause: '', corr: '' };
    const stream = { shard: '00', writer: 'exec', id: 'x' } as const;
    const head = { rev: 1, hash: '', position: 1, at: 1 };
    meter.appended({ stream, head, events: events.map((event) => ({ event, meta })), tookMs: 4 });
    meter.appendFailed(stream, new SluiceError('CONCURRENCY_CONFLICT', 'x'));
    expect(await rendered(metrics)).toEqual(
      expect.arrayContaining([
        'sluice_steps_total{step="install",outcome="succeeded"} 2',
        'sluice_steps_total{step="install",outcome="failed"} 1',
        'sluice_step_failures_total{step="install",code="SCRIPT_FAILED"} 1',
        'sluice_step_seconds_count{step="install"} 3',
        'sluice_step_seconds_bucket{step="install",le="2.5"} 3',
        'sluice_admissions_total{run="roll"} 3',
        'sluice_brakes_total{kind="budget"} 1',
        'sluice_notifications_total{severity="info"} 1',
        'sluice_requests_total{app="hello",outcome="refused"} 1',
        'sluice_request_faults_total{code="MISSING"} 1',
        'sluice_log_commit_events_sum{service="executor"} 7',
        'sluice_log_append_seconds_bucket{service="executor",le="0.005"} 1',
        'sluice_log_append_failures_total{service="executor",code="CONCURRENCY_CONFLICT"} 1',
      ]),
    );
  });
});

describe('the metrics port', () => {
  let server: RunningMetricsServer | undefined;
  afterEach(() => server?.stop());

  it('listens on loopback, serves the metrics and nothing else', async () => {
    const metrics = createMetrics({ process: false });
    metrics.counter({ name: 'sluice_a_total', help: 'A.' }).add(1);
    server = await serveMetrics({ metrics, port: 0 });
    expect(server.url).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/metrics$/);
    const response = await fetch(server.url);
    expect(response.headers.get('content-type')).toContain('text/plain; version=0.0.4');
    expect(await response.text()).toContain('sluice_a_total 1');
    expect((await fetch(server.url.replace(METRICS_PATH, '/'))).status).toBe(404);
    expect((await fetch(server.url, { method: 'POST' })).status).toBe(405);
  });
});
