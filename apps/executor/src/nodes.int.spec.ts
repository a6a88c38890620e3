import { type GroupEvent, groupStreamId, hashOf, rolloutIdOf, shardOfGroup } from '@sluice/contracts';
import { JetStreamEventLog } from '@sluice/event-log';
import { connectNats } from '@sluice/messaging';
import { newUlid, systemClock } from '@sluice/observability';
import { afterEach, describe, expect, it, vi } from 'vitest';

import { ExecutorEngine } from './engine.js';
import { Nodes } from './fixtures/nodes.suite.js';
import { GROUP, HOSTS, planFor } from './fixtures/world.suite.js';
import { NatsAgents } from './nats/agents.js';

const LEASE_MS = 2_000;
const MINUTE = 60_000;
const SHARD = shardOfGroup(GROUP);

let nodes: Nodes;
afterEach(() => nodes.stop(), MINUTE);

const wait = (check: () => unknown): Promise<unknown> => vi.waitFor(check, { timeout: 30_000, interval: 20 });
const until = (rollout: string, type: string): Promise<unknown> =>
  wait(async () => expect(await nodes.types(rollout)).toContain(type));

async function leaseEvents(): Promise<GroupEvent[]> {
  const events: GroupEvent[] = [];
  for await (const commit of nodes.log.read({ shard: SHARD, writer: 'group', id: groupStreamId(GROUP) }))
    events.push(...commit.events);
  return events;
}

/** One of 1,000 rollouts of one group, all of them of one host that never comes to an end. */
const planOfMany = (i: number): ReturnType<typeof planFor> =>
  planFor(HOSTS(1), {
    version: `2.0.${i}`,
    rolloutId: rolloutIdOf(GROUP, `many-${i}`),
    requestId: `many-${i}`,
    // The first one settles only when its host is given up: not while this test runs, however slow the machine.
    attemptDeadlineMs: 60 * MINUTE,
  });

describe('executors side by side', () => {
  it(
    'XIM-09 of 1,000 rollouts that are to start at once on one group exactly one does, though two nodes drive it',
    { timeout: 2 * MINUTE },
    async () => {
      nodes = await Nodes.start(HOSTS(1), LEASE_MS, () => ({ kind: 'hang' }));
      // The worst case: both believe that the shard is theirs.
      const engines = await Promise.all([0, 1].map(() => connectNats({ servers: nodes.server.url, name: 'engine' })));
      const both = engines.map(
        (nats) =>
          new ExecutorEngine({
            log: new JetStreamEventLog(nats),
            clock: systemClock,
            newId: newUlid,
            agents: new NatsAgents(nats),
            shards: [SHARD],
          }),
      );
      await Promise.all(both.map((engine) => engine.start()));
      const ids = await Promise.all(Array.from({ length: 1_000 }, (_, i) => nodes.plan(planOfMany(i))));
      await wait(async () => {
        const events = await leaseEvents();
        const answered = new Set(events.flatMap((event) => ('rolloutId' in event ? [event.rolloutId] : [])));
        expect(answered.size).toBe(1_000);
      });
      // A rollout that is superseded before it began gives the lease back: one holds it at a time, and one starts.
      let holders = 0;
      for (const { type } of await leaseEvents()) {
        if (type === 'LeaseGranted') holders += 1;
        if (type === 'LeaseReleased') holders -= 1;
        expect(holders).toBeLessThanOrEqual(1);
      }
      expect(holders).toBe(1);
      await wait(async () => {
        const started = await Promise.all(
          ids.map(async (id) => (await nodes.types(id)).filter((type) => type === 'RolloutStarted').length),
        );
        expect(started.reduce((a, b) => a + b)).toBe(1);
      });
      await Promise.all(both.map((engine) => engine.stop()));
      await Promise.all(engines.map((nats) => nats.close()));
    },
  );

  it(
    'XIM-09 of 1,000 people who let one rollout go on at once, over two nodes, exactly one does',
    { timeout: MINUTE },
    async () => {
      nodes = await Nodes.start(HOSTS(2), LEASE_MS);
      await Promise.all([nodes.node(), nodes.node()]);
      const made = planFor(HOSTS(2), { canaries: 1, batches: [[1, 1]], mode: 'manual' });
      const id = await nodes.plan(made);
      await until(id, 'ApprovalRequested');
      const planHash = hashOf(made.plan);
      const answers = await Promise.all(
        Array.from({ length: 1_000 }, (_, i) =>
          nodes.say(id, { type: 'approve', approval: 'canary', planHash }, `person-${i}`),
        ),
      );
      expect(answers.filter(({ ok }) => ok)).toHaveLength(1);
      expect((await nodes.types(id)).filter((type) => type === 'ApprovalGranted')).toHaveLength(1);
    },
  );

  it('XIM-10 one that leaves hands its shards over at once, in mid batch', { timeout: MINUTE }, async () => {
    // A lease that nobody could wait for.
    nodes = await Nodes.start(HOSTS(8), MINUTE);
    const first = await nodes.node();
    await nodes.node();
    const id = await nodes.plan(planFor(HOSTS(8), { batches: [[4, 2]], waits: SLOWLY }));
    await until(id, 'TargetsAdmitted');
    await first.stop();
    await until(id, 'RolloutSucceeded');
    expect(nodes.fleet.counters.doneTwice()).toEqual([]);
  });

  it('XIM-10 one that is cut off is replaced, and does nothing when it is back', { timeout: MINUTE }, async () => {
    nodes = await Nodes.start(HOSTS(8), LEASE_MS);
    const cable = await nodes.cable();
    await nodes.node(cable.url);
    const id = await nodes.plan(planFor(HOSTS(8), { batches: [[4, 2]], waits: SLOWLY }));
    await until(id, 'TargetsAdmitted');
    cable.cut();
    await nodes.node();
    await until(id, 'RolloutSucceeded');
    cable.mend();
    const answer = await nodes.say(id, { type: 'pause' }, 'ana');
    expect(answer).toMatchObject({ ok: false, code: 'NOT_OFFERED' });
    expect(nodes.fleet.counters.doneTwice()).toEqual([]);
    expect(nodes.fleet.counters.unfenced()).toEqual([]);
  });

  it('a command waits for an owner, and is told when there is none', { timeout: MINUTE }, async () => {
    nodes = await Nodes.start(HOSTS(1), MINUTE);
    const first = await nodes.node();
    const id = await nodes.plan(planFor(HOSTS(1)));
    await until(id, 'RolloutSucceeded');
    await first.stop();
    await nodes.node();
    expect(await nodes.say(id, { type: 'pause' }, 'ana')).toMatchObject({ ok: false, code: 'NOT_OFFERED' });
  });
});

const SLOWLY = { intervalMs: 300, tailIntervalMs: 300, tailFrom: 3, bakeMs: 0 } as const;
