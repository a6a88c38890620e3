import { KurrentDBClient } from '@kurrent/kurrentdb-client';
import { startFakeKurrentDb } from '@sluice/testing';
import { describe } from 'vitest';

import { describeEventLog, type LogUnderTest } from '../event-log.suite.js';
import { KurrentDbEventLog } from './kurrentdb-event-log.js';

async function overFake(batch: boolean): Promise<LogUnderTest> {
  const server = await startFakeKurrentDb({ batch });
  const client = KurrentDBClient.connectionString(server.url);
  const close = async (): Promise<void> => {
    await client.dispose();
    await server.stop();
  };
  return { log: new KurrentDbEventLog(client), close };
}

describe('KurrentDB', () => {
  describeEventLog('KurrentDB, one append a call', () => overFake(false));
  describeEventLog('KurrentDB, appends in one stream', () => overFake(true));

  // A real server cannot be installed with the tests: its address comes from outside.
  const real = process.env['SLUICE_TEST_KURRENTDB'];
  if (real !== undefined) {
    describeEventLog('KurrentDB, the real server', async () => {
      const client = KurrentDBClient.connectionString(real);
      return { log: new KurrentDbEventLog(client), close: () => client.dispose() };
    });
  }
});
