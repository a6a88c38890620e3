import { jetstream } from '@nats-io/jetstream';

import { until } from '../world/processes.js';
import type { World } from '../world/world.js';

/** What a service of anybody's knows about a deploy request: JSON on a subject, with an ack. */
export interface Request {
  readonly app: string;
  readonly group: string;
  readonly version: string;
  /** A ramp has none. */
  readonly artifact?: { readonly url: string; readonly sha256: string };
  readonly [option: string]: unknown;
}

const BOT = { id: 'deploy-bot', kind: 'service' };

/**
 * Publishes a request with a plain NATS client and no code of Sluice: the ack means that it will not be lost; the
 * outcome is read from the API. Returns the id of the rollout.
 */
export async function publish(world: World, request: Request): Promise<string> {
  const subject = ['sluice', 'request', 'deploy', request.app].join('.');
  const ack = await jetstream(world.nats).publish(subject, JSON.stringify({ requestedBy: BOT, ...request }));
  world.story.tell(
    `request for ${request.version} on ${request.group} published, acknowledged as ${ack.stream} ${ack.seq}`,
  );
  return until(`a rollout of ${request.version} on ${request.group}`, async () => {
    const page = await world.api.get<{ items: { id: string; version: string; strategy: string }[] }>(
      `/v1/rollouts?group=${request.group}&limit=5`,
    );
    return page?.items.find(({ version, strategy }) => version === request.version && strategy !== 'rollback')?.id;
  });
}

/** The rollback that was planned for a rollout. */
export async function rollbackOf(world: World, id: string, group: string): Promise<string> {
  return until(`a rollback of ${id}`, async () => {
    const page = await world.api.get<{ items: { id: string; rollbackOf?: string }[] }>(
      `/v1/rollouts?group=${group}&limit=5`,
    );
    return page?.items.find(({ rollbackOf: of }) => of === id)?.id;
  });
}
