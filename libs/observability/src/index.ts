export { systemClock } from './clock.js';
export { createUlidMaker, newUlid } from './ids.js';
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
export type { ProcessMetrics } from './metrics/prometheus.js';
export { createMetrics } from './metrics/prometheus.js';
