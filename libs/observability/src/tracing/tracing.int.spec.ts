import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

import { SpanStatusCode } from '@opentelemetry/api';
import { InMemorySpanExporter } from '@opentelemetry/sdk-trace-base';
import {
  type DomainEvent,
  type EventToAppend,
  type Plan,
  rolloutSpan,
  stageSpan,
  traceparentOf,
} from '@sluice/contracts';
import { afterEach, describe, expect, it, vi } from 'vitest';

import { openTracing } from './open-tracing.js';
import { RolloutTracer } from './rollout-tracer.js';
import { childSpan, newTrace, type SpanRecord } from './span.js';

const id = 'r07-0123456789ABCDEFGHJKMNPQRS';
const planned = newTrace();
const plan = {
  ...{ rolloutId: id, app: 'hello', group: 'web', version: '2', strategy: 'canary', canaries: 1 },
  batches: [
    [2, 2],
    [1, 1],
  ],
} as unknown as Plan;
const stream = { shard: '07', writer: 'exec', id } as const;
const meta: EventToAppend['meta'] = { by: { id: 'executor', kind: 'service' }, cause: '', corr: '' };
const headAt = (at: number) => ({ rev: at, hash: '', position: at, at });
const counts = { done: 0, skipped: 0, failed: 2, unknown: 1, excluded: 0, untouched: 0 };

/** A tracer and what it told; `own` are commits of its process, `seen` those that it reads. */
function rig() {
  const spans: SpanRecord[] = [];
  const tracer = new RolloutTracer({ emit: (span) => void spans.push(span) });
  const seen = (at: number, ...events: DomainEvent[]): void =>
    tracer.followed({
      id: '',
      stream,
      head: headAt(at),
      prev: '',
      events,
      meta: [],
    });
  const own = (at: number, ...events: DomainEvent[]): void =>
    tracer.appended({ stream, head: headAt(at), events: events.map((event) => ({ event, meta })) });
  return { spans, tracer, seen, own };
}

const sealed: DomainEvent = { type: 'RolloutPlanned', plan, planHash: '', trace: traceparentOf(planned) };

describe('spans of a rollout', () => {
  it('are told when they end, each once, though commits of ours are followed too', () => {
    const { spans, seen, own } = rig();
    seen(1, sealed);
    const started: DomainEvent[] = [
      { type: 'RolloutStarted', token: 1 },
      { type: 'StageEntered', stage: 0 },
    ];
    own(2, ...started);
    seen(2, ...started);
    const passed: DomainEvent[] = [
      { type: 'StagePassed', stage: 0 },
      { type: 'StageEntered', stage: 1 },
    ];
    seen(5, ...passed);
    own(5, ...passed);
    const failed: DomainEvent = { type: 'RolloutFailed', counts, notServing: [] };
    own(9, failed);
    seen(9, failed);
    expect(spans.map(({ name, from, to, fault }) => [name, from, to, fault])).toEqual([
      ['canary', 2, 5, undefined],
      ['batch 1', 5, 9, '3 targets failed'],
      ['rollout hello', 2, 9, '3 targets failed'],
    ]);
    expect(spans[2]).toMatchObject({ at: rolloutSpan(planned, id), parent: planned.spanId });
    expect(spans[0]).toMatchObject({ at: stageSpan(planned, id, 0), parent: rolloutSpan(planned, id).spanId });
  });

  it('go on after a restart, and what another process ended is not told again', () => {
    const { spans, seen, own } = rig();
    seen(1, sealed);
    seen(2, { type: 'RolloutStarted', token: 1 }, { type: 'StageEntered', stage: 0 });
    seen(3, { type: 'StagePassed', stage: 0 }, { type: 'StageEntered', stage: 1 });
    own(8, { type: 'StagePassed', stage: 1 }, { type: 'RolloutSucceeded', counts });
    expect(spans.map(({ name, from, to }) => [name, from, to])).toEqual([
      ['batch 1', 3, 8],
      ['rollout hello', 2, 8],
    ]);
  });

  it('a run belongs to the stage of its target; a rollout without a trace has none', () => {
    const { tracer, seen } = rig();
    expect(tracer.traceOfRun(id, 0)).toBeUndefined();
    seen(1, sealed);
    const stages = [0, 1, 2, 3, 4, 5, 6].map((target) => tracer.traceOfRun(id, target));
    expect(stages).toEqual([0, 1, 1, 2, 2, 3, 3].map((stage) => traceparentOf(stageSpan(planned, id, stage))));
  });
});

describe('tracing', () => {
  let server: Server | undefined;
  afterEach(() => {
    server?.closeAllConnections();
    server?.close();
  });
  const span: SpanRecord = {
    name: 'install',
    kind: 'consumer',
    at: childSpan(planned),
    parent: planned.spanId,
    from: 1_000,
    to: 1_250.5,
    attributes: { host: 'web-01' },
    fault: 'SCRIPT_FAILED',
  };

  it('hands whole spans to the exporter, and none that nobody wants recorded', async () => {
    const exporter = new InMemorySpanExporter();
    const tracing = await openTracing({ exporter });
    const sink = tracing.sinkOf('agent');
    sink.emit(span);
    sink.emit({ ...span, at: { ...span.at, sampled: false } });
    await vi.waitFor(() => expect(exporter.getFinishedSpans()).not.toEqual([]), { timeout: 10_000 });
    const [first, ...more] = exporter.getFinishedSpans();
    expect(more).toEqual([]);
    expect(first).toMatchObject({
      name: 'install',
      startTime: [1, 0],
      endTime: [1, 250_500_000],
      status: { code: SpanStatusCode.ERROR, message: 'SCRIPT_FAILED' },
      parentSpanContext: { spanId: planned.spanId },
    });
    expect(first?.resource.attributes['service.name']).toBe('sluice-agent');
    expect(Object.values(first?.attributes ?? {})).toEqual(['web-01']);
    await tracing.stop();
  });

  it('exports to a collector over OTLP, and stops though there is none', async () => {
    const bodies: string[] = [];
    server = createServer((request, response) => {
      request.on('data', (piece: Buffer) => bodies.push(`${request.url} ${piece.toString()}`));
      request.on('end', () => response.end('{}'));
    });
    await new Promise<void>((resolve) => server?.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    const tracing = await openTracing({ endpoint: `http://127.0.0.1:${port}/` });
    tracing.sinkOf('agent').emit(span);
    await tracing.stop();
    expect(bodies.join('')).toContain('/v1/traces {');
    expect(bodies.join('')).toContain(planned.traceId);
    const alone = await openTracing({ endpoint: 'http://127.0.0.1:1' });
    alone.sinkOf('agent').emit(span);
    await alone.stop();
  });
});
