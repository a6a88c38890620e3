import { JetStreamEventLog } from '@sluice/event-log';
import { connectNats } from '@sluice/messaging';
import { createLogger, newUlid, systemClock } from '@sluice/observability';

import { startNotifier } from '../start.js';

/** A notifier in a process of its own, for a test that kills it: `node notifier-child.suite.js <servers> <lease ms>`. */
const [servers = '', leaseMs = '1000'] = process.argv.slice(2);
const nats = await connectNats({ servers, name: 'notifier' });
const log = new JetStreamEventLog(nats);
await startNotifier({
  nats,
  servers,
  log,
  clock: systemClock,
  logger: createLogger('notifier', 'error'),
  newId: newUlid,
  leaseMs: Number(leaseMs),
});
process.stdout.write('ready\n');
