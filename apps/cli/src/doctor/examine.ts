import type { SluiceConfig } from '@sluice/config';
import { messageOf } from '@sluice/kernel';
import { connectNats, loginOf } from '@sluice/messaging';

import type { Api } from '../client/api.js';
import { agentFindings } from './agents.js';
import { checkpointFindings } from './checkpoints.js';
import { type Finding, ok, wrong } from './finding.js';
import { leaseFindings } from './leases.js';
import { syncFinding, versionFinding } from './server.js';
import { gatewayFindings, serviceFindings } from './services.js';
import { streamFindings } from './streams.js';

export interface Examination {
  readonly api: Api;
  readonly natsUrl: string;
  readonly monitor?: string;
  readonly config: SluiceConfig;
  /** How long heartbeats are listened for, ms. */
  readonly listenMs: number;
  readonly now: () => number;
  readonly sleep: (ms: number) => Promise<void>;
}

const CONNECT_MS = 3_000;

/** Looks at everything and changes nothing. */
export async function examine(examination: Examination): Promise<readonly Finding[]> {
  const { api, natsUrl, config, now } = examination;
  const gateway = await gatewayFindings(api);
  let nats: Awaited<ReturnType<typeof connectNats>>;
  try {
    const login = loginOf(config.natsCredentials);
    nats = await connectNats({ servers: natsUrl, name: 'sluice doctor', waitMs: CONNECT_MS, ...login });
  } catch (error) {
    return [
      wrong('nats', messageOf(error), 'start nats-server, or say where it is with --nats or SLUICE_NATS_URL'),
      ...gateway,
    ];
  }
  try {
    const specs = {
      leaseMs: config.leaseTime,
      notifyRetentionMs: config.notifyRetention,
      ...(config.natsReplicas === 1 ? {} : { replicas: config.natsReplicas }),
    };
    const sources = {
      dataDir: config.dataDir,
      ...(examination.monitor === undefined ? {} : { monitor: examination.monitor }),
    };
    return [
      ok('nats', `connected to ${nats.getServer()}`),
      versionFinding(nats),
      await syncFinding(nats, sources),
      ...(await streamFindings(nats, specs, now)),
      ...(await serviceFindings(nats)),
      ...(await leaseFindings(nats)),
      ...(await checkpointFindings(nats, now)),
      ...gateway,
      ...(await agentFindings(nats, examination)),
    ];
  } finally {
    await nats.close();
  }
}
