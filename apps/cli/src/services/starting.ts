import { startExecutor } from '@sluice/executor';
import { JetStreamEventLog } from '@sluice/event-log';
import { startGateway } from '@sluice/gateway';
import { startHealthGate } from '@sluice/health-gate';
import { connectNats, type RunningService } from '@sluice/messaging';
import { startNotifier } from '@sluice/notifier';
import { createLogger, type LogLevel, newUlid, systemClock } from '@sluice/observability';
import { startPlanner } from '@sluice/planner';

/** The services of Sluice in the order in which they start; they stop in the opposite one. */
export const SERVICES = ['planner', 'executor', 'health-gate', 'notifier', 'gateway'] as const;

export type ServiceName = (typeof SERVICES)[number];

export interface ServiceSettings {
  /** URL of NATS. */
  readonly servers: string;
  readonly waitMs: number;
  readonly logLevel: LogLevel;
  readonly httpHost: string;
  readonly httpPort: number;
  readonly inventoryFile?: string;
}

/** A service with what it stands on; `url` where it serves HTTP. */
export interface StartedService extends RunningService {
  readonly url?: string;
}

/** Starts one service on a connection of its own, on streams and buckets that are provisioned. */
export async function startService(name: ServiceName, settings: ServiceSettings): Promise<StartedService> {
  const { servers, waitMs, logLevel } = settings;
  const logger = createLogger(name, logLevel);
  const nats = await connectNats({ servers, name: `sluice ${name}`, waitMs, log: logger });
  const log = new JetStreamEventLog(nats);
  const deps = { nats, servers, log, clock: systemClock, logger, newId: newUlid };
  try {
    const service = await startOf(name, deps, settings);
    const stop = async (): Promise<void> => {
      await service.stop();
      await nats.close();
    };
    return { ...service, name, stop };
  } catch (error) {
    await nats.close();
    throw error;
  }
}

type Deps = Parameters<typeof startExecutor>[0] & Omit<Parameters<typeof startGateway>[0], 'port' | 'host'>;

function startOf(name: ServiceName, deps: Deps, settings: ServiceSettings): Promise<StartedService> {
  switch (name) {
    case 'planner':
      return startPlanner({
        ...deps,
        ...(settings.inventoryFile === undefined ? {} : { inventoryFile: settings.inventoryFile }),
      });
    case 'executor':
      return startExecutor(deps);
    case 'health-gate':
      return startHealthGate(deps);
    case 'notifier':
      return startNotifier(deps);
    case 'gateway':
      return startGateway({ ...deps, host: settings.httpHost, port: settings.httpPort });
  }
}

/** Stops in the opposite order of the start; one that does not stop in time is left behind. */
export async function stopAll(services: readonly RunningService[], graceMs: number): Promise<void> {
  for (const service of services.toReversed()) {
    await Promise.race([service.stop(), new Promise((resolve) => setTimeout(resolve, graceMs).unref())]);
  }
}
