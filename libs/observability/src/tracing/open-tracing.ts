import type { Tracing, TracingOptions } from './tracing.js';

/** Traces to a collector. OpenTelemetry is loaded by those who ask for it only. */
export async function openTracing(options: TracingOptions): Promise<Tracing> {
  const { createTracing } = await import('./tracing.js');
  return createTracing(options);
}
