import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

import { startAgent } from '@sluice/agent';
import { type RunReport, sha256, shardOfGroup, SUBJECTS } from '@sluice/contracts';
import { NatsAgents } from '@sluice/executor';
import { connectNats, silentLog } from '@sluice/messaging';
import { createLogger, systemClock } from '@sluice/observability';
import { FakeFleet, seededRandom, startNatsServer, VirtualClock } from '@sluice/testing';
import { vi } from 'vitest';

import { APP, describeTargets, GROUP, type TargetsUnderTest } from './target-port.suite.js';

const BYTES = new TextEncoder().encode('hello');
const PATIENT = { timeout: 60_000, interval: 10 };

function found(reports: readonly RunReport[], isIt: (report: RunReport) => boolean): RunReport {
  const report = reports.find(isIt);
  if (report === undefined) throw new Error(`${reports.length} reports, and not that one`);
  return report;
}

describeTargets('an agent on its host, over NATS', async (): Promise<TargetsUnderTest> => {
  const server = await startNatsServer();
  const folder = await mkdtemp(join(tmpdir(), 'sluice targets '));
  const file = join(folder, 'hello');
  await writeFile(file, BYTES);
  const connect = (name: string) => connectNats({ servers: server.url, name, log: silentLog });
  const [core, edge] = [await connect('executor'), await connect('agent')];
  const reports: RunReport[] = [];
  core.subscribe(SUBJECTS.reportsOfShard(shardOfGroup(GROUP)), {
    callback: (_, message) => {
      reports.push(message.json<RunReport>());
      message.respond(JSON.stringify({ ok: true }));
    },
  });
  const agent = await startAgent({
    nats: edge,
    clock: systemClock,
    logger: createLogger('agent', 'silent'),
    host: 'web-1.example',
    dataDir: join(folder, 'agent'),
    apps: [{ app: APP, group: GROUP }],
    version: '1.0.0',
  });
  return {
    port: new NatsAgents(core),
    host: 'web-1.example',
    artifact: { url: pathToFileURL(file).href, sha256: sha256(BYTES) },
    reports,
    until: (what) => what,
    untilReported: (isIt) => vi.waitFor(() => found(reports, isIt), PATIENT),
    close: async () => {
      await agent.stop();
      await Promise.all([core.close(), edge.close()]);
      await server.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
});

describeTargets('the simulated fleet', async (): Promise<TargetsUnderTest> => {
  const clock = new VirtualClock();
  const reports: RunReport[] = [];
  const fleet = new FakeFleet({
    clock,
    random: seededRandom(1),
    members: [{ host: 'h0', app: APP, group: GROUP, running: '1.0.0' }],
    report: (report) => {
      reports.push(report);
      return Promise.resolve({ ok: true });
    },
  });
  const passUntil = async (isDone: () => boolean): Promise<void> => {
    if (!(await clock.runUntil(isDone))) throw new Error('a day passed and it has not happened');
  };
  return {
    port: fleet,
    host: 'h0',
    artifact: { url: 'https://store.example/hello', sha256: sha256(BYTES) },
    reports,
    until: async (what) => {
      let isDone = false;
      const done = what.finally(() => (isDone = true));
      await passUntil(() => isDone);
      return done;
    },
    untilReported: async (isIt) => {
      await passUntil(() => reports.some(isIt));
      return found(reports, isIt);
    },
    close: () => Promise.resolve(),
  };
});
