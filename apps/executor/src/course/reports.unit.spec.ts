import { ALL_SHARDS, attemptId, type RunReport } from '@sluice/contracts';
import type { EventLog } from '@sluice/event-log';
import { SluiceError } from '@sluice/kernel';
import { describe, expect, it } from 'vitest';

import type { Registry } from '../actors/registry.js';
import { ExecutorEngine } from '../engine.js';
import { HOSTS, planFor, wait, World } from '../fixtures/world.suite.js';
import { silentLogger } from '../ports.js';
import { Reports } from './reports.js';

/** The log of an owner that has fallen behind: it sees what stood there when it began, and nothing later. */
function lagging(log: EventLog): EventLog {
  return {
    append: (...args) => log.append(...args),
    read: (...args) => log.read(...args),
    last: (...args) => log.last(...args),
    position: () => log.position(),
    follow: (options) => untilLive(log.follow(options), options.signal),
  };
}

async function* untilLive<T extends { readonly kind: string }>(
  items: AsyncIterable<T>,
  signal: AbortSignal,
): AsyncIterable<T> {
  for await (const item of items) {
    yield item;
    if (item.kind === 'live') break;
  }
  await new Promise((resolve) => signal.addEventListener('abort', resolve));
}

const engineOf = (world: World, log: EventLog): ExecutorEngine =>
  new ExecutorEngine({ log, clock: world.clock, newId: world.newId, agents: world.fleet, shards: ALL_SHARDS });

/** What the host of the first target would report of a step of that attempt. */
const reportOf = (rollout: string, n = 1): RunReport => ({
  v: 1,
  host: 'h001',
  rollout,
  attempt: attemptId(rollout, 'h001', 'drain', n),
  target: 0,
  kind: 'roll',
  n,
  token: 1,
  final: false,
  steps: [{ step: 'drain', ok: true, ms: 1 }],
});

describe('reports to an owner that lags', () => {
  it('are to be sent again when it has not even read the plan', async () => {
    const world = new World(HOSTS(2));
    const behind = engineOf(world, lagging(world.log));
    await behind.start();
    await world.engine.start();
    const id = await world.plan(planFor(HOSTS(2)));
    await wait(world, id, 'TargetsAdmitted');
    expect(await behind.onReport(reportOf(id))).toMatchObject({ ok: false, code: 'NOT_READY', retry: true });
    await behind.stop();
    await world.engine.stop();
  });

  it('are to be sent again when the log holds more of the rollout than its state, which is read anew', async () => {
    const world = new World(HOSTS(2));
    await world.engine.start();
    const id = await world.plan(planFor(HOSTS(2)));
    await wait(world, id, 'TargetsAdmitted');
    await world.engine.stop();
    const last = (await world.history(id)).at(-1)?.head.rev ?? 0;
    for (const [rev, doubts] of [
      [last - 1, 1],
      [last, 0],
    ] as const) {
      let doubted = 0;
      const actor = {
        ...{ rev, readings: 0, doubt: () => (doubted += 1) },
        submit: () => Promise.reject(new SluiceError('STALE_ATTEMPT', 'not known')),
      };
      const registry = { rollout: () => actor } as unknown as Registry;
      const answer = await new Reports(world.log, registry, silentLogger, () => 1).take(reportOf(id));
      expect([answer, doubted]).toMatchObject([{ ok: false, retry: doubts === 1 }, doubts]);
    }
  });

  it('are refused for good by one that has read all: the rollout has ended, or never was', async () => {
    const world = new World(HOSTS(2));
    await world.engine.start();
    const id = await world.plan(planFor(HOSTS(2)));
    await wait(world, id, 'RolloutSucceeded');
    await world.clock.advance(1_000);
    const never = id.slice(0, 4) + '0'.repeat(26);
    for (const rollout of [id, never])
      expect(await world.engine.onReport(reportOf(rollout))).toMatchObject({ code: 'STALE_ATTEMPT', retry: false });
    await world.engine.stop();
  });
});
