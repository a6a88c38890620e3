import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { jetstream } from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/nats-core';
import {
  ALL_SHARDS,
  EMPTY_HEAD,
  type Plan,
  type PlanEvent,
  type RequestOutcome,
  shardOfGroup,
  SUBJECTS,
} from '@sluice/contracts';
import { JetStreamEventLog } from '@sluice/event-log';
import { connectNats, provision, type RunningService, silentLog } from '@sluice/messaging';
import { newUlid, systemClock } from '@sluice/observability';
import { type RunningNatsServer, startNatsServer } from '@sluice/testing';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';

import { SAMPLE_REQUEST } from './request/samples.js';
import { startPlanner } from './service/start-planner.js';

const sealed = (event: PlanEvent): readonly Plan[] => (event.type === 'RolloutPlanned' ? [event.plan] : []);

const INVENTORY = `
groups:
  - { name: shop-web, app: shop, environment: production, members: [web-1, web-2, web-3],
      profile: { kind: process, command: [node, server.js], stopGraceMs: 1000 } }
`;

describe('two planners side by side', () => {
  let server: RunningNatsServer;
  let nats: NatsConnection;
  let log: JetStreamEventLog;
  let folder: string;
  const undo: (() => Promise<unknown>)[] = [];
  const outcomes: RequestOutcome[] = [];

  const start = async (): Promise<RunningService> => {
    const own = await connectNats({ servers: server.url, name: 'planner' });
    const planner = await startPlanner({
      nats: own,
      servers: server.url,
      log: new JetStreamEventLog(own),
      clock: systemClock,
      logger: silentLog,
      newId: newUlid,
      inventoryFile: join(folder, 'inventory.yaml'),
    });
    undo.push(() => planner.stop().then(() => own.close()));
    return planner;
  };

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'sluice planner '));
    await writeFile(join(folder, 'inventory.yaml'), INVENTORY);
    server = await startNatsServer();
    nats = await connectNats({ servers: server.url, name: 'planner test' });
    await provision(nats);
    log = new JetStreamEventLog(nats);
    nats.subscribe('sluice.outcome.*', {
      callback: (_, message) => void outcomes.push(message.json<RequestOutcome>()),
    });
    await Promise.all([start(), start()]);
  }, 60_000);
  afterAll(async () => {
    await Promise.all(undo.map((end) => end()));
    await nats.close();
    await server.stop();
    await rm(folder, { recursive: true, force: true });
  });

  const publish = (version: string): Promise<unknown> =>
    jetstream(nats).publish(SUBJECTS.deployRequest('shop'), JSON.stringify({ ...SAMPLE_REQUEST, version }));
  const wait = (check: () => unknown): Promise<unknown> => vi.waitFor(check, { timeout: 30_000, interval: 20 });

  /** Every plan that was sealed, from the beginning of the log to its end. */
  async function planned(): Promise<readonly Plan[]> {
    const controller = new AbortController();
    const plans: Plan[] = [];
    for await (const item of log.follow({
      shards: ALL_SHARDS,
      writers: ['plan'],
      from: 1,
      signal: controller.signal,
    })) {
      if (item.kind === 'live') controller.abort();
      else plans.push(...(item.commit.events as readonly PlanEvent[]).flatMap(sealed));
    }
    return plans;
  }

  it('plan each request once, however often it is published', async () => {
    const versions = Array.from({ length: 40 }, (_, i) => `3.0.${i}`);
    await Promise.all(versions.flatMap((version) => [publish(version), publish(version)]));
    await wait(() => expect(outcomes).toHaveLength(80));
    expect((await planned()).map(({ version }) => version).toSorted()).toEqual(versions.toSorted());
    expect(new Set(outcomes.map(({ rolloutId }) => rolloutId)).size).toBe(40);
    expect(outcomes.filter(({ outcome }) => outcome === 'planned')).toHaveLength(40);
  });

  it('plan a rollback once', async () => {
    const [good, bad] = await planned();
    if (good === undefined || bad === undefined) throw new Error('nothing was planned');
    const { rolloutId: id, requestId: corr } = bad;
    const to = { rolloutId: good.rolloutId, version: good.version };
    const event = { type: 'RollbackRequested', to, targets: [0, 1, 2], down: [1], ordinal: 1 } as const;
    const meta = { by: { id: 'ana', kind: 'user' as const }, cause: 'c', corr };
    await log.append({ shard: shardOfGroup('shop-web'), writer: 'exec', id }, EMPTY_HEAD, {
      id: newUlid(),
      at: Date.now(),
      events: [{ event, meta }],
    });
    const rollbacks = async (): Promise<number> =>
      (await planned()).filter(({ rollbackOf }) => rollbackOf === id).length;
    await wait(async () => expect(await rollbacks()).toBe(1));
    // Both have read past the order when both have planned what comes after it.
    await publish('4.0.0');
    await wait(() => expect(outcomes).toHaveLength(81));
    expect(await rollbacks()).toBe(1);
  });
});
