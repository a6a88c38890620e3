import { seededRandom } from '@sluice/testing';
import { describe, expect, it } from 'vitest';

import { HOSTS, planFor, wait, World } from './fixtures/world.suite.js';

describe('two owners at once', () => {
  it.each(Array.from({ length: 8 }, (_, i) => i))(
    'C15 drive one rollout to its end, whichever dies and whatever gets lost: seed %i',
    async (seed) => {
      const random = seededRandom(`two${seed}`);
      const world = new World(HOSTS(12), ({ host, step, n }) =>
        step === 'verify' && n === 1 && Number(host.slice(1)) % 5 === seed % 5 ? { kind: 'fail' } : undefined,
      );
      const engines = [world.engine, world.newEngine()];
      for (const engine of engines) await engine.start();
      const flip = (): void => {
        world.engine = engines[random.int(2)] ?? world.engine;
        world.clock.schedule(1 + random.int(400), flip);
      };
      flip();
      world.fleet.setMessageFaults({
        loseReport: random.next() / 3,
        loseReply: random.next() / 3,
        duplicateReport: 0.2,
        delayReportMs: 500,
      });
      const made = planFor(HOSTS(12), {
        batches: [[4, 3]],
        waits: { intervalMs: 3_000, tailIntervalMs: 2_000, tailFrom: 3, bakeMs: 0 },
        budget: { ...planFor(HOSTS(12)).plan.budget, percent: 33, maxUnavailable: 4, failureLimit: 4 },
      });
      const id = await world.plan(made);
      for (let i = 0; i < 3; i += 1) {
        await world.clock.advance(random.int(15_000));
        const which = random.int(2);
        await engines[which]?.stop();
        await world.clock.advance(random.int(3_000));
        const fresh = world.newEngine();
        engines[which] = fresh;
        void fresh.start();
      }
      await world.clock.advance(400_000);
      const types = await world.types(id);
      expect(types.filter((t) => /Rollout|Retry|Brake/.test(t)).at(-1), types.slice(-20).join(' ')).toMatch(
        /RolloutFailed|RolloutSucceeded|RolloutBraked/,
      );
      expect(world.fleet.counters.doneTwice()).toEqual([]);
      expect(await world.say(id, { type: 'retry' })).toMatchObject({ ok: true });
      await wait(world, id, 'RolloutSucceeded');
      expect(world.fleet.counters.doneTwice()).toEqual([]);
      for (const engine of engines) await engine.stop();
    },
  );
});
