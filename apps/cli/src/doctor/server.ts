import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

import type { NatsConnection } from '@nats-io/nats-core';
import { checkServerVersion } from '@sluice/messaging';

import { type Finding, ok, unknown, warning, wrong } from './finding.js';

const TIMEOUT_MS = 3_000;

export function versionFinding(nats: NatsConnection): Finding {
  const version = nats.info?.version ?? '0';
  const check = checkServerVersion(version);
  return check.kind === 'ok'
    ? ok('nats version', version)
    : wrong('nats version', check.warning, 'install nats-server 2.10 or newer and start it on the same data');
}

export interface SyncSources {
  /** `http://host:8222` */
  readonly monitor?: string;
  /** Folder of `sluice up`, whose configuration is read when it is that server's. */
  readonly dataDir: string;
}

const SYNC_TODO = 'set `sync_interval: always` in the `jetstream` block of the server, then restart it';

/** Whether what the server acknowledges is on the disk. */
export async function syncFinding(nats: NatsConnection, sources: SyncSources): Promise<Finding> {
  const seen = sources.monitor === undefined ? undefined : await syncOfMonitor(sources.monitor);
  if (seen !== undefined) return seen;
  const config = await configOfUp(nats, sources.dataDir);
  if (config === undefined) {
    const todo =
      'give the address of the monitoring port (--monitor http://127.0.0.1:8222), or look yourself for `sync_interval: always`';
    return unknown('sync', 'cannot see how the server writes', todo);
  }
  return /sync_interval: *"?always/.test(config)
    ? ok('sync', 'every acknowledged write is on the disk (sync_interval: always)')
    : wrong('sync', 'acknowledged writes may be lost when the power fails', SYNC_TODO);
}

async function syncOfMonitor(monitor: string): Promise<Finding | undefined> {
  try {
    const response = await fetch(`${monitor.replace(/\/$/, '')}/varz`, { signal: AbortSignal.timeout(TIMEOUT_MS) });
    const { jetstream } = (await response.json()) as {
      jetstream?: { config?: { sync_always?: boolean; sync_interval?: number } };
    };
    if (jetstream?.config?.sync_always === true)
      return ok('sync', 'every acknowledged write is on the disk (sync_always)');
    const seconds = Math.round((jetstream?.config?.sync_interval ?? 0) / 1e9);
    return wrong('sync', `acknowledged writes may be lost for ${seconds} s when the power fails`, SYNC_TODO);
  } catch {
    return undefined;
  }
}

/** The configuration that `sluice up` wrote, if this server is the one that it started. */
async function configOfUp(nats: NatsConnection, dataDir: string): Promise<string | undefined> {
  try {
    const config = await readFile(join(dataDir, 'nats.conf'), 'utf8');
    const port = /listen: "127\.0\.0\.1:(-?\d+)"/.exec(config)?.[1];
    return port === String(nats.info?.port) ? config : undefined;
  } catch {
    return undefined;
  }
}

/** More than a heartbeat's way can explain. */
const MAX_SKEW_MS = 2_000;

/** `ahead`: how far the other clock is ahead of ours; `slack`: how exactly that is known. */
export function skewFinding(check: string, ahead: number, slack: number): Finding {
  const off = Math.max(0, Math.abs(ahead) - slack);
  const words = `${Math.round(Math.abs(ahead))} ms ${ahead >= 0 ? 'ahead of' : 'behind'} this machine`;
  if (off <= MAX_SKEW_MS) return ok(check, words);
  return warning(
    check,
    words,
    'let every machine follow the same time servers (chrony, systemd-timesyncd): waits and histories are told in times',
  );
}
