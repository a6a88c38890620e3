export { systemClock } from './clock.js';
export { createUlidMaker, newUlid } from './ids.js';
export { LOG_FIELDS } from './log-fields.js';
export type { LogDestination, Logger, LogLevel } from './logger.js';
export { createLogger } from './logger.js';
export { COUNTS, LONG_SECONDS, SHORT_SECONDS } from './metrics/buckets.js';
export type { LogMeter } from './metrics/log-metrics.js';
export { logMetrics, MAX_APPS } from './metrics/log-metrics.js';
export type { MetricsServerOptions, RunningMetricsServer } from './metrics/metrics-server.js';
export { METRICS_PATH, serveMetrics } from './metrics/metrics-server.js';
export type {
  Counter,
  Gauge,
  Histogram,
  HistogramSpec,
  LabelBound,
  Labels,
  Metrics,
  MetricSpec,
  Reading,
} from './metrics/port.js';
export { silentMetrics } from './metrics/port.js';
export { openMetrics } from './metrics/open-metrics.js';
export type { ProcessMetrics, ProcessMetricsOptions } from './metrics/prometheus.js';
export type { Telemetry, TelemetrySettings } from './telemetry.js';
export { openTelemetry } from './telemetry.js';
export { openTracing } from './tracing/open-tracing.js';
export type { LogTracer } from './tracing/rollout-tracer.js';
export { RolloutTracer } from './tracing/rollout-tracer.js';
export type { SpanKind, SpanRecord, SpanSink } from './tracing/span.js';
export { childSpan, newTrace } from './tracing/span.js';
export type { Tracing, TracingOptions } from './tracing/tracing.js';
