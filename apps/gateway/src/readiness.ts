import type { NatsConnection } from '@nats-io/nats-core';

import type { Readiness } from './http/service.controller.js';
import type { LogFollower } from './read-model/follower.js';

/** Ready when every read model is live. */
export function readinessOf(nats: NatsConnection, followers: readonly LogFollower[]): Readiness {
  const position = Math.max(...followers.map(({ status }) => status.position));
  if (nats.isClosed()) return { ready: false, position, reason: 'the connection to NATS is closed' };
  const late = followers.find(({ status }) => !status.live);
  if (late === undefined) return { ready: true, position };
  const { fault } = late.status;
  const why = fault === undefined ? '' : ` (${fault})`;
  return { ready: false, position, reason: `the read models are catching up${why}` };
}
