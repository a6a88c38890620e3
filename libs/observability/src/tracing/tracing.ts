import { type HrTime, SpanKind as OtelKind, type SpanContext, SpanStatusCode, TraceFlags } from '@opentelemetry/api';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { resourceFromAttributes } from '@opentelemetry/resources';
import { BatchSpanProcessor, type ReadableSpan, type SpanExporter } from '@opentelemetry/sdk-trace-base';
import type { TraceContext } from '@sluice/contracts';

import type { SpanKind, SpanRecord, SpanSink } from './span.js';

/** Spans that wait for their export at once; what comes beyond is dropped, so that a dead collector costs nothing. */
const MAX_WAITING = 8_192;
const STOP_MS = 3_000;
const NAMESPACE = 'sluice';

export interface TracingOptions {
  /** Where a collector takes OTLP over HTTP, e.g. `http://127.0.0.1:4318`; the standard OTEL_ variables when absent. */
  readonly endpoint?: string;
  /** Instead of OTLP: what a test looks into. */
  readonly exporter?: SpanExporter;
}

export interface Tracing {
  /** Where the spans of one service go, e.g. `executor`. */
  sinkOf(service: string): SpanSink;
  /** Exports what waits, within a bound. */
  stop(): Promise<void>;
}

export function createTracing({ endpoint, exporter }: TracingOptions): Tracing {
  const url = endpoint === undefined ? {} : { url: `${endpoint.replace(/\/+$/, '')}/v1/traces` };
  const processor = new BatchSpanProcessor(exporter ?? new OTLPTraceExporter({ ...url, timeoutMillis: STOP_MS }), {
    maxQueueSize: MAX_WAITING,
    maxExportBatchSize: 512,
    scheduledDelayMillis: 1_000,
  });
  return {
    sinkOf: (service) => {
      const resource = resourceFromAttributes({
        'service.name': `${NAMESPACE}-${service}`,
        'service.namespace': NAMESPACE,
      });
      return { emit: (span) => processor.onEnd(readable(span, resource)) };
    },
    stop: async () => {
      let timer: NodeJS.Timeout | undefined;
      const bound = new Promise<void>((resolve) => (timer = setTimeout(resolve, STOP_MS)));
      // A collector that is away takes nothing from the rollouts: its spans are lost.
      await Promise.race([processor.shutdown().catch(() => undefined), bound]);
      clearTimeout(timer);
    },
  };
}

const KINDS: Readonly<Record<SpanKind, OtelKind>> = {
  internal: OtelKind.INTERNAL,
  server: OtelKind.SERVER,
  consumer: OtelKind.CONSUMER,
};

function readable(span: SpanRecord, resource: ReadableSpan['resource']): ReadableSpan {
  const { at, parent, from, to, fault } = span;
  const context = contextOf(at);
  return {
    name: span.name,
    kind: KINDS[span.kind],
    spanContext: () => context,
    ...(parent === undefined ? {} : { parentSpanContext: contextOf({ ...at, spanId: parent }) }),
    startTime: hrTime(from),
    endTime: hrTime(to),
    duration: hrTime(Math.max(0, to - from)),
    status: fault === undefined ? { code: SpanStatusCode.UNSET } : { code: SpanStatusCode.ERROR, message: fault },
    attributes: Object.fromEntries(
      Object.entries(span.attributes).map(([key, value]) => [`${NAMESPACE}.${key}`, value]),
    ),
    links: [],
    events: [],
    ended: true,
    resource,
    instrumentationScope: { name: NAMESPACE },
    droppedAttributesCount: 0,
    droppedEventsCount: 0,
    droppedLinksCount: 0,
  };
}

const contextOf = ({ traceId, spanId, sampled }: TraceContext): SpanContext => ({
  traceId,
  spanId,
  traceFlags: sampled ? TraceFlags.SAMPLED : TraceFlags.NONE,
});

/** Seconds and the rest in nanoseconds. */
const hrTime = (ms: number): HrTime => [Math.floor(ms / 1_000), Math.round((ms % 1_000) * 1e6)];
