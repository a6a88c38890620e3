import type { ProcessMetrics, ProcessMetricsOptions } from './prometheus.js';

/** The metrics of this process. The library behind them is loaded by those who ask for it only. */
export async function openMetrics(options: ProcessMetricsOptions = {}): Promise<ProcessMetrics> {
  const { createMetrics } = await import('./prometheus.js');
  return createMetrics(options);
}
