import type { NatsConnection } from '@nats-io/nats-core';
import { SUBJECTS } from '@sluice/contracts';

import type { AppHost } from '../app/app-host.js';
import type { OwnRelease, Self } from './own-release.js';

const ANSWER_MS = 2_000;

export interface SelfDeps {
  readonly nats: NatsConnection;
  readonly host: string;
  readonly version: string;
}

export const selfOf = ({ nats, host, version }: SelfDeps, release: OwnRelease, startedAt: number): Self => ({
  release,
  version,
  startedAt,
  answers: async () => {
    await nats.request(SUBJECTS.agentStatus(host), JSON.stringify({ v: 1, attempt: 'self' }), { timeout: ANSWER_MS });
  },
});

/** After a handover, and after one that failed, this is another agent than the one that the app's state speaks of. */
export async function takeUpSelf(
  apps: ReadonlyMap<string, AppHost>,
  { release, startedAt }: Pick<Self, 'release' | 'startedAt'>,
): Promise<void> {
  for (const app of apps.values()) {
    const { running } = app.state;
    if (running?.kind !== 'self' || release.isOf(running)) continue;
    const { current } = release;
    if (current === null || current.app !== app.config.app) {
      await app.setRunning(null);
      continue;
    }
    const { version, sha256, attempt } = current;
    await app.moveCurrent(version);
    await app.setRunning({ kind: 'self', version, sha256, attempt, startedAt, verified: !release.onTrial });
  }
}
