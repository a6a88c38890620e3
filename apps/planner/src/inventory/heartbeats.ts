import type { Msg, NatsConnection } from '@nats-io/nats-core';
import { parseHello, SUBJECTS } from '@sluice/contracts';
import { type CancelTimer, type Clock, messageOf } from '@sluice/kernel';
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

/** How long a host that only heartbeats tell of stays in the inventory after the last of them. */
const DEFAULT_MEMBER_LIFE_MS = 86_400_000;
const MAX_ROUND_MS = 60_000;
const MAX_NAMED = 20;

/** Forgets, now and then, hosts that only heartbeats told of and that have been silent for longer than `life`, ms; a day when undefined. */
export function forgetSilent(
  store: Pick<InventoryStore, 'expire'>,
  life: number | undefined,
  clock: Clock,
  log: Log,
): RunningService {
  const lifeMs = life ?? DEFAULT_MEMBER_LIFE_MS;
  // While no planner listened nobody was heard, so silence before that does not count.
  const since = clock.now();
  let cancel: CancelTimer;
  const round = (): void => {
    if (clock.now() - since >= lifeMs) {
      const hosts = store.expire(clock.now() - lifeMs);
      const facts = { source: 'heartbeat', hosts: hosts.slice(0, MAX_NAMED), count: hosts.length, lifeMs };
      if (hosts.length > 0) log.info(facts, 'hosts that only heartbeats told of are silent; they left the inventory');
    }
    cancel = clock.schedule(Math.max(1_000, Math.min(MAX_ROUND_MS, lifeMs / 4)), round);
  };
  round();
  return {
    name: 'silent members',
    stop: () => {
      cancel();
      return Promise.resolve();
    },
  };
}
