import { connectNats } from '@sluice/messaging';

import { type Prepared, serveBench } from '../child.js';
import { Fleet, type FleetCounts } from '../fleet.js';

/** Every host of the fleet in one process: takes a run, does its steps in no time, and reports until that is acked. */
async function startFleet({ servers }: { readonly servers: string }): Promise<Prepared<FleetCounts, FleetCounts>> {
  const nats = await connectNats({ servers, name: 'bench-fleet' });
  const fleet = new Fleet(nats, (run) => fleet.report(run));
  await nats.flush();
  return { run: () => Promise.resolve({ ...fleet.counts }), check: (told) => told, stop: () => nats.close() };
}

await serveBench(startFleet);
