import { JetStreamEventLog } from '@sluice/event-log';
import { startGateway } from '@sluice/gateway';
import { connectNats } from '@sluice/messaging';
import { createLogger, newUlid, systemClock } from '@sluice/observability';

import { type Prepared, serveBench } from '../child.js';
import { usedMemory } from '../memory.js';
import type { ServerOrder, ServerResult } from './desired.js';

const UNLIMITED = { perSecond: 1e9, burst: 1e9 };

/** The gateway as it is started; nothing counts how often the one client of a benchmark asks. */
async function startProduct({ servers, port }: ServerOrder): Promise<Prepared<void, ServerResult>> {
  const nats = await connectNats({ servers, name: 'bench-gateway' });
  const start = performance.now();
  const gateway = await startGateway({
    nats,
    log: new JetStreamEventLog(nats),
    clock: systemClock,
    logger: createLogger('gateway', 'silent'),
    newId: newUlid,
    port,
    openLocally: true,
    limits: { catchUpMs: 120_000, polls: UNLIMITED, calls: UNLIMITED },
  });
  const startMs = performance.now() - start;
  return {
    run: () => Promise.resolve(),
    // Not before the load: a forced collection and its context would slow down what is measured.
    check: () => ({ startMs, bytes: usedMemory() }),
    stop: async () => {
      await gateway.stop();
      await nats.close();
    },
  };
}

await serveBench(startProduct);
