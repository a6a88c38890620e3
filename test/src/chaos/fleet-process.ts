import { readFileSync } from 'node:fs';

import { AGENT_VERSION, startAgent } from '@sluice/agent';
import { connectNats } from '@sluice/messaging';
import { createLogger, systemClock } from '@sluice/observability';

/** Hosts whose agents share one process. */
export interface FarmOrder {
  readonly natsUrl: string;
  readonly app: string;
  readonly group: string;
  readonly hosts: readonly { readonly host: string; readonly dataDir: string }[];
}

const order = JSON.parse(readFileSync(process.argv[2] ?? '', 'utf8')) as FarmOrder;
const logger = createLogger('agent', 'warn');
const nats = await connectNats({ servers: order.natsUrl, name: `farm ${order.group}`, log: logger });
const agents = await Promise.all(
  order.hosts.map(({ host, dataDir }) =>
    startAgent({
      nats,
      clock: systemClock,
      logger,
      host,
      address: '127.0.0.1',
      dataDir,
      apps: [{ app: order.app, group: order.group }],
      version: AGENT_VERSION,
      helloIntervalMs: 1_000,
    }),
  ),
);
process.once('SIGTERM', () => {
  void Promise.all(agents.map((agent) => agent.stop())).then(() => nats.close());
});
