import { EMPTY_HEAD } from '@sluice/contracts';
import { connectNats, provision } from '@sluice/messaging';
import { startNatsServer } from '@sluice/testing';
import { expect, it } from 'vitest';

import { describeEventLog } from '../event-log.suite.js';
import { appendMany, collect, freshStream } from '../samples.suite.js';
import { JetStreamEventLog } from './jetstream-event-log.js';

async function started(): Promise<{ readonly log: JetStreamEventLog; readonly close: () => Promise<void> }> {
  const server = await startNatsServer();
  const nats = await connectNats({ servers: server.url, name: 'event-log test' });
  await provision(nats);
  const close = async (): Promise<void> => {
    await nats.close();
    await server.stop();
  };
  return { log: new JetStreamEventLog(nats), close };
}

describeEventLog('JetStream', started);

it('reads the end of a long stream, whatever stands between', { timeout: 60_000 }, async () => {
  const { log, close } = await started();
  const [stream, other] = [freshStream('exec'), freshStream('exec')];
  let [head, between] = [EMPTY_HEAD, EMPTY_HEAD];
  for (let i = 0; i < 30; i += 1) {
    head = await appendMany(log, stream, head, 11);
    between = await appendMany(log, other, between, 1);
  }
  for (const from of [257, 300, 329, 330, 331]) {
    const revs = Array.from({ length: 331 - from }, (_, i) => from + i);
    expect((await collect(log.read(stream, from))).map((commit) => commit.head.rev)).toEqual(revs);
  }
  await close();
});
