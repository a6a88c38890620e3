import type { Msg, NatsConnection } from '@nats-io/nats-core';
import { parseHello, SUBJECTS } from '@sluice/contracts';
import { type Clock, messageOf } from '@sluice/kernel';
import type { Log, RunningService } from '@sluice/messaging';

import type { InventoryStore } from './store.js';

/** Every planner hears every heartbeat; one that cannot be read, or speaks for another host, is ignored. */
export function hearHeartbeats(nats: NatsConnection, store: InventoryStore, clock: Clock, log: Log): RunningService {
  const hear = (message: Msg): void => {
    try {
      const hello = parseHello(message.data);
      if (SUBJECTS.hello(hello.host) !== message.subject) throw new Error(`it names the host ${hello.host}`);
      const isConsistent = store.hear(hello, clock.now());
      if (!isConsistent) log.debug({ host: hello.host }, 'a heartbeat names an app that its group is not of; ignored');
    } catch (error) {
      log.debug({ subject: message.subject, reason: messageOf(error) }, 'a heartbeat was ignored');
    }
  };
  const callback = (error: Error | null, message: Msg): void => {
    if (error === null) hear(message);
    else log.error({ reason: error.message }, 'the subscription to heartbeats failed');
  };
  const subscription = nats.subscribe(SUBJECTS.allHellos, { callback });
  return {
    name: 'heartbeats',
    stop: () => {
      subscription.unsubscribe();
      return Promise.resolve();
    },
  };
}
