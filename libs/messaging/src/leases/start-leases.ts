import { hostname } from 'node:os';

import type { NatsConnection } from '@nats-io/nats-core';
import type { LeasedWork } from '@sluice/contracts';
import type { Clock } from '@sluice/kernel';

import type { Log } from '../running-service.js';
import { kvLeases } from './kv-leases.js';
import { Leases } from './leases.js';
import type { LeaseHolder } from './ports.js';

export interface StartLeasesDeps {
  readonly nats: NatsConnection;
  readonly work: LeasedWork;
  readonly holder: LeaseHolder;
  readonly clock: Clock;
  /** The id of this process among those of the service: no two that run may have the same. */
  readonly memberId: string;
  /** A part is free so long after who had it fell silent, ms; 10 s when absent. The same for all processes. */
  readonly leaseMs?: number | undefined;
  readonly logger: Log;
}

export const DEFAULT_LEASE_MS = 10_000;

/** Takes a share of a service's work. Resolves when what was free for it is done here. Code NATS_UNAVAILABLE. */
export async function startLeases(deps: StartLeasesDeps): Promise<Leases> {
  const { nats, work, holder, clock, memberId, leaseMs = DEFAULT_LEASE_MS, logger } = deps;
  const leases = new Leases({
    work,
    store: await kvLeases(nats, work, leaseMs, logger),
    host: holder,
    clock: monotonic(clock),
    me: { owner: memberId, name: `${hostname()}:${process.pid}` },
    leaseMs,
    timeOfDay: () => clock.now(),
    logger,
  });
  await leases.start();
  return leases;
}

/** It goes on while the process stands still, and nobody can set it. */
const monotonic = (clock: Clock): Clock => ({
  now: () => performance.now(),
  schedule: (delayMs, fire) => clock.schedule(delayMs, fire),
});
