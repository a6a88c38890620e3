import { type EventLog, type LogObserver, ObservedEventLog } from '@sluice/event-log';
import {
  logMetrics,
  type Metrics,
  openTelemetry,
  RolloutTracer,
  type SpanSink,
  type Telemetry,
} from '@sluice/observability';

export { openTelemetry, type Telemetry };

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
