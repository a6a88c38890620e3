import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { SUBJECTS } from '@sluice/contracts';
import { connectNats, silentLog } from '@sluice/messaging';
import { createLogger, systemClock } from '@sluice/observability';
import { startNatsServer } from '@sluice/testing';
import { expect, it } from 'vitest';

import { startAgent } from './start-agent.js';

it('an agent that starts while NATS is away is there when NATS is back', async () => {
  const server = await startNatsServer();
  const nats = await connectNats({ servers: server.url, name: 'agent', log: silentLog });
  const dataDir = await mkdtemp(join(tmpdir(), 'sluice-agent-'));
  const logger = createLogger('agent', 'silent');
  await server.kill();
  const agent = await startAgent({ nats, clock: systemClock, logger, host: 'h1', dataDir, apps: [], version: '1' });
  await server.restart();
  const client = await connectNats({ servers: server.url, name: 'client', log: silentLog });
  const query = JSON.stringify({ v: 1, attempt: 'r07-x/h1/drain/1' });
  await expect
    .poll(
      () =>
        client.request(SUBJECTS.agentStatus('h1'), query).then(
          (reply) => reply.json(),
          () => undefined,
        ),
      {
        timeout: 15_000,
      },
    )
    .toBeDefined();
  await agent.stop();
  for (const connection of [nats, client]) await connection.close();
  await server.stop();
  await rm(dataDir, { recursive: true, force: true });
});
