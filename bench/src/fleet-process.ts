import { setTimeout as sleep } from 'node:timers/promises';

import { connectNats } from '@sluice/messaging';

import { type Prepared, serveBench } from './child.js';
import { Fleet, type FleetCounts, HELD } from './fleet.js';

export interface FleetOrder {
  readonly servers: string;
  /** How long a run takes, ms; no time at all when absent. */
  readonly runMs?: number;
}

/** Every host of the fleet in one process: takes a run, does its steps, and reports until that is acked. */
async function startFleet({ servers, runMs }: FleetOrder): Promise<Prepared<FleetCounts, FleetCounts>> {
  const nats = await connectNats({ servers, name: 'bench-fleet' });
  const fleet = new Fleet(nats, (run) => {
    if (run.host.startsWith(HELD)) return;
    if (runMs === undefined) fleet.report(run);
    else void sleep(runMs).then(() => fleet.report(run));
  });
  await nats.flush();
  return { run: () => Promise.resolve({ ...fleet.counts }), check: (told) => told, stop: () => nats.close() };
}

await serveBench(startFleet);
