import type { NatsConnection } from '@nats-io/nats-core';
import { SluiceError } from '@sluice/kernel';

import { JetStreamEventLog } from './jetstream/jetstream-event-log.js';
import { rawLog } from './jetstream/raw-log.js';
import type { EventLog } from './port.js';
import type { RawCommit } from './recorded.js';

export interface LogAddress {
  /** `nats`, or `kurrentdb://host:port`. */
  readonly url: string;
  /** `user:password`; none when empty. */
  readonly credentials: string;
}

export interface OpenedEventLog {
  readonly log: EventLog;
  /** Every commit as its bytes, in the order of the log, up to its end when the read began. */
  raw(): AsyncIterable<RawCommit>;
  /** Ends what was opened for the log alone; the NATS connection is its owner's. */
  close(): Promise<void>;
}

/**
 * The log that `SLUICE_LOG` names: `nats` for JetStream on the bus (the default), or `kurrentdb://...` for KurrentDB,
 * whose client is loaded only then. Code BAD_CONFIG for anything else; the address, which may hold a password, is not
 * repeated.
 */
export async function openEventLog({ url, credentials }: LogAddress, nats: NatsConnection): Promise<OpenedEventLog> {
  if (url === 'nats')
    return { log: new JetStreamEventLog(nats), raw: () => rawLog(nats), close: async () => undefined };
  if (!/^(kurrentdb|esdb)(\+discover)?:\/\//.test(url)) {
    throw new SluiceError('BAD_CONFIG', 'SLUICE_LOG is `nats` or the address of a KurrentDB, kurrentdb://host:2113');
  }
  const [{ KurrentDBClient }, { KurrentDbEventLog }] = await Promise.all([
    import('@kurrent/kurrentdb-client'),
    import('./kurrentdb/kurrentdb-event-log.js'),
  ]);
  const client = KurrentDBClient.connectionString(url);
  const [, username, password] = /^([^:]+):(.+)$/.exec(credentials) ?? [];
  if (username !== undefined && password !== undefined) {
    client.setCredentialsProvider(async () => ({ username, password }));
  }
  const log = new KurrentDbEventLog(client);
  return { log, raw: () => log.raw(), close: () => client.dispose() };
}
