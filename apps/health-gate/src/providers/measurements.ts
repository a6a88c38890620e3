import { isSluiceError, SluiceError } from '@sluice/kernel';

import { SourceClient, type SourceDeps } from './http/source-client.js';
import type { Measured, MeasurementCode, MeasurementPort } from './port.js';
import { type Found, Prometheus } from './prometheus/prometheus.js';
import { runSmoke } from './smoke/smoke-run.js';
import type { GateSource, GateSourceKind } from './sources.js';
import { askWebhook } from './webhook/webhook.js';

export interface MeasurementDeps extends SourceDeps {
  readonly sources: readonly GateSource[];
}

/** The configured sources behind one port. */
export function newMeasurements({ sources, ...deps }: MeasurementDeps): MeasurementPort {
  const clients = new Map(sources.map((source) => [source.name, new SourceClient(source, deps)]));
  const find = (name: string, kind: GateSourceKind): SourceClient => {
    const client = clients.get(name);
    if (client?.source.kind === kind) return client;
    const known = sources.filter((source) => source.kind === kind).map((source) => source.name);
    const there = known.length === 0 ? 'there is none of that kind' : `there is ${known.join(', ')}`;
    const words = `no ${kind} called ${name.slice(0, 60)} is configured: name it in SLUICE_GATE_SOURCES; ${there}`;
    throw new SluiceError('SOURCE_UNKNOWN', words);
  };
  const prometheus = (name: string): Prometheus => new Prometheus(find(name, 'prometheus'));
  return {
    series: (question) => measured(() => prometheus(question.source).series(question)),
    value: (question) => measured(() => prometheus(question.source).value(question)),
    smoke: (question) =>
      measured(async () => plain(await runSmoke(find(question.source, 'smoke'), question, deps.clock))),
    webhook: (question) => measured(async () => plain(await askWebhook(find(question.source, 'webhook'), question))),
  };
}

const plain = <T>(value: T): Found<T> => ({ value, warnings: [] });

const CODES: ReadonlySet<string> = new Set<MeasurementCode>([
  ...(['SOURCE_UNKNOWN', 'SECRET_UNREADABLE', 'SOURCE_TIMEOUT', 'SOURCE_UNAVAILABLE', 'SOURCE_REFUSED'] as const),
  ...(['SOURCE_BUSY', 'ANSWER_TOO_LARGE', 'ANSWER_INVALID', 'QUERY_INVALID', 'SERIES_MANY'] as const),
  ...(['RECORDING_INVALID', 'SMOKE_EMPTY', 'STOPPED'] as const),
]);
const isCode = (code: string): code is MeasurementCode => CODES.has(code);

async function measured<T>(act: () => Promise<Found<T>>): Promise<Measured<T>> {
  try {
    const { value, warnings } = await act();
    return { kind: 'ok', value, ...(warnings.length === 0 ? {} : { warnings }) };
  } catch (error) {
    if (isSluiceError(error) && isCode(error.code)) return { kind: 'error', code: error.code, words: error.message };
    // The message of what nobody foresaw may hold anything; its name does not.
    const name = error instanceof Error ? error.name : typeof error;
    return { kind: 'error', code: 'INTERNAL', words: `the measurement broke off with a fault of its own: ${name}` };
  }
}
