import type { NatsConnection } from '@nats-io/nats-core';
import type { EventLog } from '@sluice/event-log';
import type { GatePolicy } from '@sluice/gating';
import { readSecret } from '@sluice/config';
import { type Clock, messageOf, SluiceError } from '@sluice/kernel';
import type { RunningService } from '@sluice/messaging';
import { type Logger, type Metrics, SHORT_SECONDS, silentMetrics } from '@sluice/observability';

import { HealthGateEngine } from './engine/health-gate-engine.js';
import type { SeenMeasurement } from './engine/measured-gates.js';
import { HelloTable, type HelloTableOptions } from './facts/hello-table.js';
import { feedHellos } from './nats/hello-feed.js';
import { kvPosition } from './nats/kv-position.js';
import { newMeasurements } from './providers/measurements.js';
import { type GateSource, readGateSources } from './providers/sources.js';

export interface StartHealthGateDeps {
  readonly nats: NatsConnection;
  /** Nest's transport is not used here: the gate has no commands. */
  readonly servers: string;
  readonly log: EventLog;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly newId: () => string;
  readonly policy?: GatePolicy;
  readonly hellos?: HelloTableOptions;
  /** See HealthGateDeps. */
  readonly silentAfterMs?: number;
  /** Where gates measure: text of SLUICE_GATE_SOURCES. */
  readonly sources?: string;
  readonly metrics?: Metrics;
}

const STOP_MS = 5_000;

/** Judges until it is stopped. The streams and buckets must have been provisioned. Code CONFIG_INVALID. */
export async function startHealthGate(deps: StartHealthGateDeps): Promise<RunningService> {
  const { nats, log, clock, newId, policy } = deps;
  const sources = sourcesOf(deps.sources ?? '');
  const logger = deps.logger.child({ service: 'health-gate' });
  const facts = new HelloTable(deps.hellos);
  const positions = await kvPosition(nats);
  const feed = feedHellos({ nats, clock, logger }, facts);
  const intake = new AbortController();
  const measurements = newMeasurements({
    sources,
    clock,
    secretOf: (reference) => readSecret(reference),
    stop: intake.signal,
  });
  const perHost = new Set(sources.filter(({ url }) => url.includes('{host}')).map(({ name }) => name));
  const engine = new HealthGateEngine({
    ...{ log, clock, newId, facts, positions, logger, measurements },
    isPerHost: (source) => perHost.has(source),
    measured: meterOf(deps.metrics ?? silentMetrics),
    ...(policy === undefined ? {} : { policy }),
    ...(deps.silentAfterMs === undefined ? {} : { silentAfterMs: deps.silentAfterMs }),
  });
  const running = engine.run(intake.signal).catch((error: unknown) => {
    logger.fatal({ reason: messageOf(error) }, 'the health gate stopped judging');
  });
  logger.info({}, 'the health gate judges');
  return {
    name: 'health-gate',
    async stop() {
      intake.abort();
      feed.stop();
      await bounded(clock, running);
    },
  };
}

function sourcesOf(text: string): readonly GateSource[] {
  const reading = readGateSources(text);
  if (reading.ok) return reading.sources;
  const faults = reading.faults.map((fault) => `  SLUICE_GATE_SOURCES: ${fault}`);
  const message = `the configuration has ${faults.length} fault(s); nothing was started:\n${faults.join('\n')}`;
  throw new SluiceError('CONFIG_INVALID', message, { faults: reading.faults });
}

const KINDS = ['threshold', 'burnRate', 'comparison', 'smoke', 'facts', 'webhook'];

/** Counts each measurement; most of them are written nowhere, because nothing hangs on them. */
function meterOf(metrics: Metrics): (measured: SeenMeasurement) => void {
  const count = metrics.counter({
    name: 'sluice_gate_measurements_total',
    help: 'Measurements of gates, by what each says by itself.',
    labels: { kind: KINDS, verdict: ['pass', 'fail', 'inconclusive', 'error'] },
  });
  const problems = metrics.counter({
    name: 'sluice_gate_problems_total',
    help: 'Measurements that could not be made, by the code of the problem.',
    labels: { code: 32 },
  });
  const seconds = metrics.histogram({
    name: 'sluice_gate_measurement_seconds',
    help: 'How long a measurement took, its source included.',
    labels: { kind: KINDS },
    buckets: SHORT_SECONDS,
  });
  return ({ kind, verdict, code, ms }) => {
    count.add(1, { kind, verdict });
    seconds.observe(ms / 1_000, { kind });
    if (code !== undefined) problems.add(1, { code });
  };
}

async function bounded(clock: Clock, work: Promise<void>): Promise<void> {
  let cancel = (): void => {};
  const tooLong = new Promise<void>((resolve) => (cancel = clock.schedule(STOP_MS, resolve)));
  await Promise.race([work, tooLong]);
  cancel();
}
