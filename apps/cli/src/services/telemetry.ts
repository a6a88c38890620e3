import type { SluiceConfig } from '@sluice/config';
import { type EventLog, type LogObserver, ObservedEventLog } from '@sluice/event-log';
import type { RunningService } from '@sluice/messaging';
import {
  logMetrics,
  type Metrics,
  openMetrics,
  openTracing,
  type ProcessMetrics,
  RolloutTracer,
  serveMetrics,
  type SpanSink,
  type Tracing,
} from '@sluice/observability';

/** What looks on at the services of this process; nothing does unless the configuration says so. */
export interface Telemetry extends RunningService {
  readonly metrics?: ProcessMetrics;
  /** Where Prometheus finds them. */
  readonly url?: string;
  readonly tracing?: Tracing;
}

/** Stop it after the services: their last spans leave then. Code of the thrown error: EADDRINUSE. */
export async function openTelemetry(
  config: SluiceConfig,
  options: { readonly metrics?: boolean } = {},
): Promise<Telemetry> {
  const { metricsPort: port, metricsHost: host } = config;
  const metrics = options.metrics === true || port !== undefined ? await openMetrics() : undefined;
  const server = metrics === undefined || port === undefined ? undefined : await serveMetrics({ metrics, host, port });
  const tracing = await tracingOf(config);
  return {
    name: 'telemetry',
    ...(metrics === undefined ? {} : { metrics }),
    ...(server === undefined ? {} : { url: server.url }),
    ...(tracing === undefined ? {} : { tracing }),
    stop: async () => {
      await Promise.all([server?.stop(), tracing?.stop()]);
    },
  };
}

/** The standard variable is read, with those that belong to it, by the exporter itself. */
async function tracingOf({ traces, otlpEndpoint }: SluiceConfig): Promise<Tracing | undefined> {
  if (traces !== undefined) return openTracing({ endpoint: traces });
  return otlpEndpoint === undefined ? undefined : openTracing({});
}

/** What one service is given of it. */
export interface Watched {
  readonly log: EventLog;
  readonly metrics?: Metrics;
  readonly spans?: SpanSink;
  readonly traceOfRun?: RolloutTracer['traceOfRun'];
}

/** The service's log with its onlookers; the log itself when there are none. */
export function watched(service: string, log: EventLog, { metrics, tracing }: Partial<Telemetry> = {}): Watched {
  const counted = metrics === undefined ? {} : { metrics };
  const observers: LogObserver[] = metrics === undefined ? [] : [logMetrics(metrics, service)];
  const spans = tracing?.sinkOf(service);
  if (spans === undefined) return { log: seenBy(log, observers), ...counted };
  if (service !== 'executor') return { log: seenBy(log, observers), ...counted, spans };
  const tracer = new RolloutTracer(spans);
  const traceOfRun: Watched['traceOfRun'] = (rollout, target) => tracer.traceOfRun(rollout, target);
  return { log: seenBy(log, [...observers, tracer]), ...counted, spans, traceOfRun };
}

const seenBy = (log: EventLog, observers: readonly LogObserver[]): EventLog =>
  observers.length === 0 ? log : new ObservedEventLog(log, observers);
