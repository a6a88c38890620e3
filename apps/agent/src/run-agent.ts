import { resolve } from 'node:path';

import type { SluiceConfig } from '@sluice/config';
import { connectNats, loginOf } from '@sluice/messaging';
import { createLogger, systemClock } from '@sluice/observability';

import type { AgentConfig } from './config/agent-config.js';
import { OwnRelease } from './self/own-release.js';
import { HANDOVER_EXIT, type Program, startSupervisor } from './self/supervisor.js';
import { type AgentDeps, startAgent } from './start-agent.js';
import { AGENT_VERSION } from './version.js';

export type AgentSettings = Pick<SluiceConfig, 'natsUrl' | 'natsCredentials' | 'natsWait' | 'logLevel'>;

export interface MoreOfAgent extends Pick<AgentDeps, 'metrics' | 'spans'> {
  /** A supervisor runs it, which starts another one when this one ends with the exit code for that. */
  readonly supervised?: boolean;
}

/** Resolves when this process is told to end, by a signal or by the death of its supervisor. */
export function toldToStop(): Promise<'stop'> {
  return new Promise((done) => {
    for (const event of ['SIGTERM', 'SIGINT', 'disconnect'] as const) process.once(event, () => done('stop'));
  });
}

/** Runs an agent in this process until it is told to stop or hands over; its apps live on. The exit code. */
export async function runAgent(config: AgentConfig, settings: AgentSettings, more: MoreOfAgent = {}): Promise<number> {
  const { supervised, ...watching } = more;
  const { nats: servers = settings.natsUrl, ...rest } = config;
  const stopped = toldToStop();
  const logger = createLogger('agent', settings.logLevel);
  let leave = (): void => undefined;
  const left = new Promise<'handOver'>((resolve) => (leave = () => resolve('handOver')));
  const self = supervised === true ? await OwnRelease.open(resolve(config.dataDir), () => leave()) : undefined;
  const nats = await connectNats({
    servers,
    name: `agent ${config.host}`,
    waitMs: settings.natsWait,
    log: logger,
    ...loginOf(settings.natsCredentials),
  });
  const agent = await startAgent({
    ...rest,
    ...watching,
    nats,
    clock: systemClock,
    logger,
    version: AGENT_VERSION,
    ...(self === undefined ? {} : { self }),
  });
  const why = await Promise.race([stopped, left]);
  await agent.stop();
  await nats.close();
  // The channel to the supervisor would keep this process alive.
  if (process.connected) process.disconnect();
  return why === 'handOver' ? HANDOVER_EXIT : 0;
}

/** Runs agents one after the other, each in a process of its own, until this process is told to stop. */
export async function superviseAgent(
  file: string,
  {
    dataDir,
    installed,
    logLevel,
  }: { readonly dataDir: string; readonly installed: Program } & Pick<AgentSettings, 'logLevel'>,
): Promise<void> {
  const stopped = toldToStop();
  const logger = createLogger('agent', logLevel);
  const supervisor = startSupervisor({
    clock: systemClock,
    logger,
    dataDir,
    installed,
    configFile: resolve(file),
  });
  await stopped;
  await supervisor.stop();
}
