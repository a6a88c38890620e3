import { serveMetrics } from './metrics/metrics-server.js';
import { openMetrics } from './metrics/open-metrics.js';
import type { ProcessMetrics } from './metrics/prometheus.js';
import { openTracing } from './tracing/open-tracing.js';
import type { Tracing } from './tracing/tracing.js';

/** What looks on at the services of this process; nothing does unless the configuration says so. */
export interface Telemetry {
  readonly name: string;
  readonly metrics?: ProcessMetrics;
  /** Where Prometheus finds them. */
  readonly url?: string;
  readonly tracing?: Tracing;
  stop(): Promise<void>;
}

/** The part of a process' configuration that says what looks on. */
export interface TelemetrySettings {
  readonly metricsPort: number | undefined;
  readonly metricsHost: string;
  readonly traces: string | undefined;
  readonly otlpEndpoint: string | undefined;
}

/**
 * Opens what the configuration asks for; `metrics` counts though no port serves it. Stop it after the services: their
 * last spans leave then. Code of the thrown error when the port is taken: EADDRINUSE.
 */
export async function openTelemetry(
  settings: TelemetrySettings,
  options: { readonly metrics?: boolean } = {},
): Promise<Telemetry> {
  const { metricsPort: port, metricsHost: host } = settings;
  const metrics = options.metrics === true || port !== undefined ? await openMetrics() : undefined;
  const server = metrics === undefined || port === undefined ? undefined : await serveMetrics({ metrics, host, port });
  const tracing = await tracingOf(settings);
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
async function tracingOf({ traces, otlpEndpoint }: TelemetrySettings): Promise<Tracing | undefined> {
  if (traces !== undefined) return openTracing({ endpoint: traces });
  return otlpEndpoint === undefined ? undefined : openTracing({});
}
