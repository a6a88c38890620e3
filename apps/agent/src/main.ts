import { loadConfig } from '@sluice/config';
import { connectNats } from '@sluice/messaging';
import { createLogger, systemClock } from '@sluice/observability';

import { readAgentConfig } from './config/agent-config.js';
import { AGENT_VERSION, startAgent } from './start-agent.js';

/** `node main.js <config.yaml>`: one agent until SIGTERM or SIGINT; its apps live on. */
const settings = loadConfig();
const logger = createLogger('agent', settings.logLevel);
const { nats: servers = settings.natsUrl, ...config } = await readAgentConfig(process.argv[2] ?? 'agent.yaml');
const nats = await connectNats({ servers, name: `agent ${config.host}`, waitMs: settings.natsWait, log: logger });
const agent = await startAgent({ ...config, nats, clock: systemClock, logger, version: AGENT_VERSION });

const stop = (): void => {
  void agent
    .stop()
    .then(() => nats.close())
    .finally(() => process.exit());
};
process.once('SIGTERM', stop);
process.once('SIGINT', stop);
