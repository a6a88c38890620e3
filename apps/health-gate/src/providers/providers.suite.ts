import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';

import { systemClock } from '@sluice/observability';

import { newMeasurements } from './measurements.js';
import type { Measured, MeasurementPort } from './port.js';
import { readGateSources } from './sources.js';

export const SECRET = 'sesame/0815+x';

export interface Served {
  readonly url: string;
  readonly port: number;
  stop(): Promise<void>;
}

/** A real server on a free port of loopback. */
export async function serve(listener: RequestListener): Promise<Served> {
  const server = createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    port,
    stop: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

export interface WithOptions {
  readonly secrets?: Readonly<Record<string, string>>;
  readonly stop?: AbortSignal;
}

/** The measurements of sources as they are configured. */
export function measurementsOf(text: string, { secrets = {}, stop }: WithOptions = {}): MeasurementPort {
  const reading = readGateSources(text);
  if (!reading.ok) throw new Error(reading.faults.join('; '));
  const secretOf = (reference: string): Promise<string> => {
    const secret = secrets[reference];
    return secret === undefined ? Promise.reject(new Error(`nothing at ${reference}`)) : Promise.resolve(secret);
  };
  return newMeasurements({ sources: reading.sources, clock: systemClock, secretOf, stop });
}

export function okOf<T>(measured: Measured<T>): T {
  if (measured.kind === 'ok') return measured.value;
  throw new Error(`${measured.code}: ${measured.words}`);
}
