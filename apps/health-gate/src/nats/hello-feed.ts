import type { Msg, NatsConnection, Subscription } from '@nats-io/nats-core';
import { parseHello, SUBJECTS } from '@sluice/contracts';
import { type Clock, messageOf } from '@sluice/kernel';
import type { Log } from '@sluice/messaging';

import type { HelloTable } from '../facts/hello-table.js';

export interface HelloFeed {
  /** Heartbeats that were no Hello, or came on another host's subject. */
  readonly ignored: number;
  stop(): void;
}

interface FeedDeps {
  readonly nats: NatsConnection;
  readonly clock: Clock;
  readonly logger: Log;
}

// The first of a flood says it all; a log line for each would be the attack.
const LOGGED_EVERY = 1_000;

/** Reads all heartbeats into the table. What is no heartbeat is counted and changes nothing. */
export function feedHellos({ nats, clock, logger }: FeedDeps, table: HelloTable): HelloFeed {
  let ignored = 0;
  const ignore = (reason: string): void => {
    if (ignored % LOGGED_EVERY === 0) logger.warn({ reason: reason.slice(0, 300), ignored }, 'a heartbeat was ignored');
    ignored += 1;
  };
  const take = (message: Msg): void => {
    try {
      const hello = parseHello(message.data);
      if (message.subject === SUBJECTS.hello(hello.host)) table.take(hello, clock.now());
      else ignore('a heartbeat names another host than its subject');
    } catch (error) {
      ignore(messageOf(error));
    }
  };
  const subscription: Subscription = nats.subscribe(SUBJECTS.allHellos, {
    callback: (error, message) => {
      if (error === null) take(message);
      else table.report(messageOf(error));
    },
  });
  void watchConnection(nats, table);
  return {
    get ignored() {
      return ignored;
    },
    stop: () => subscription.unsubscribe(),
  };
}

/** While the connection is away no heartbeat can arrive, and silence says nothing about hosts. */
async function watchConnection(nats: NatsConnection, table: HelloTable): Promise<void> {
  for await (const status of nats.status()) {
    if (status.type === 'disconnect') table.report('the connection to NATS is lost');
    else if (status.type === 'reconnect') table.report(undefined);
  }
}
