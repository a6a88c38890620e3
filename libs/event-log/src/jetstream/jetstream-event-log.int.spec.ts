import { connectNats, provision } from '@sluice/messaging';
import { startNatsServer } from '@sluice/testing';

import { describeEventLog } from '../event-log.suite.js';
import { JetStreamEventLog } from './jetstream-event-log.js';

describeEventLog('JetStream', async () => {
  const server = await startNatsServer();
  const nats = await connectNats({ servers: server.url, name: 'event-log test' });
  await provision(nats);
  const close = async (): Promise<void> => {
    await nats.close();
    await server.stop();
  };
  return { log: new JetStreamEventLog(nats), close };
});
