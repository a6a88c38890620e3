import { afterEach, describe, expect, it } from 'vitest';

import { openTelemetry, type Telemetry } from './telemetry.js';

const OFF = { metricsPort: undefined, metricsHost: '127.0.0.1', traces: undefined, otlpEndpoint: undefined };

describe('what looks on at a process', () => {
  let open: Telemetry | undefined;
  afterEach(() => open?.stop());

  it('is nothing by default', async () => {
    open = await openTelemetry(OFF);
    expect(Object.keys(open).toSorted()).toEqual(['name', 'stop']);
  });

  it('serves metrics where it is told to, and counts without a port for those who serve them themselves', async () => {
    open = await openTelemetry({ ...OFF, metricsPort: 0 });
    expect(await (await fetch(open.url ?? '')).text()).toContain('process_cpu_seconds_total');
    const counting = await openTelemetry(OFF, { metrics: true });
    expect([counting.url, counting.metrics === undefined]).toEqual([undefined, false]);
  });

  it('refuses a port that is taken', async () => {
    open = await openTelemetry({ ...OFF, metricsPort: 0 });
    const metricsPort = Number(new URL(open.url ?? '').port);
    await expect(openTelemetry({ ...OFF, metricsPort })).rejects.toMatchObject({ code: 'EADDRINUSE' });
  });

  it.each(['traces', 'otlpEndpoint'] as const)('traces when %s is set', async (name) => {
    open = await openTelemetry({ ...OFF, [name]: 'http://127.0.0.1:1' });
    expect(open.tracing?.sinkOf('planner')).toBeDefined();
  });
});
