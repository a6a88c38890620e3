import type { EventToAppend, RecordedCommit, RosterEvent } from '@sluice/contracts';
import { describe, expect, it } from 'vitest';

import { accepted, DAY, FLEET, FleetWorld, hostsOf } from '../fixtures/fleets.suite.js';
import { rosterStream } from './names.js';

const ROLES = { login: 40, web: 60 };

/** Hosts that come and go, and are as they were in the end. */
async function churn(world: FleetWorld, times: number): Promise<void> {
  const [host] = hostsOf('web', 1);
  if (host === undefined) throw new Error('no host');
  for (let i = 0; i < times; i += 1) {
    await world.leave(host.host);
    await world.join([host]);
  }
}

/** Another owner writes to the roster, straight behind what is there. */
async function writeBeside({ log, clock, newId }: FleetWorld, events: readonly RosterEvent[]): Promise<void> {
  const stream = rosterStream(FLEET);
  const last = await log.last(stream);
  if (last === undefined) throw new Error('no roster');
  const meta = { by: { id: 'executor', kind: 'service' }, cause: 'test', corr: 'test' } as const;
  const drafted = events.map((event): EventToAppend<RosterEvent> => ({ event, meta }));
  await log.append(stream, last.head, { id: newId(), at: clock.now(), events: drafted });
}

async function roster(world: FleetWorld): Promise<RecordedCommit<'variable'>[]> {
  const commits: RecordedCommit<'variable'>[] = [];
  for await (const commit of world.log.read(rosterStream(FLEET))) commits.push(commit);
  return commits;
}

const typesOf = (commits: readonly RecordedCommit<'variable'>[]) =>
  commits.flatMap(({ events }) => events.map(({ type }) => type));

const everybody = (world: FleetWorld) => [world.having('A'), world.having('B'), world.counts()];

describe('a roster with years of hosts that came and went', () => {
  it('TSU-03 is said anew now and then, and a start reads that and what is behind it', async () => {
    const world = new FleetWorld();
    await world.ramping(ROLES);
    await world.clock.advance(7 * DAY);
    await churn(world, 1_010);
    await world.clock.advance(1_000);
    const commits = await roster(world);
    expect(typesOf(commits).filter((type) => type === 'RosterCheckpointed')).toHaveLength(2);
    const before = everybody(world);
    const reads: number[] = [];
    const { log } = world;
    const read = log.read.bind(log);
    log.read = (stream, fromRev) => {
      if (stream.id === rosterStream(FLEET).id) reads.push(fromRev ?? 1);
      return read(stream, fromRev);
    };
    await world.restart();
    log.read = read;
    expect(everybody(world)).toEqual(before);
    expect(Math.min(...reads)).toBeGreaterThan(1);
    // A command that was taken before the checkpoint is no news behind it.
    const rev = commits.length;
    accepted(await world.tell({ type: 'join', hosts: hostsOf('web', 60) }));
    expect(await roster(world)).toHaveLength(rev);
    await world.join(hostsOf('web', 70));
    await world.clock.advance(8 * DAY);
    expect(world.counts()).toMatchObject({ from: 0, to: 110 });
  });

  it('two executors at once leave one that a start can use, whoever said it', async () => {
    const world = new FleetWorld();
    await world.ramping(ROLES);
    const other = world.newFleets();
    await other.start();
    await churn(world, 1_010);
    await world.clock.advance(10_000);
    const before = everybody(world);
    await other.stop();
    await world.restart();
    expect(everybody(world)).toEqual(before);
  });

  it('is left when another owner writes before its first part, and nobody who left is back', async () => {
    const world = new FleetWorld();
    await world.ramping({ web: 60 });
    const churned = Array.from({ length: 500 }, (_, i): RosterEvent =>
      i % 2 === 0 ? { type: 'HostsLeft', hosts: [0] } : { type: 'HostsReturned', role: 'web', hosts: [0] },
    );
    for (let i = 0; i < 4; i += 1) await writeBeside(world, churned);
    await world.clock.advance(1_000);
    const { log } = world;
    const append = log.append.bind(log);
    let isBeside = false;
    log.append = async (stream, head, draft) => {
      if (!isBeside && draft.events.some(({ event }) => event.type === 'RosterCheckpointed')) {
        isBeside = true;
        await writeBeside(world, [{ type: 'HostsLeft', hosts: [5] }]);
      }
      return append(stream, head, draft);
    };
    await world.leave('web-0');
    await world.clock.advance(1_000);
    const away = () => ['web-0', 'web-5'].map((host) => world.having('A').has(host));
    expect(isBeside).toBe(true);
    expect(away()).toEqual([false, false]);
    expect(typesOf(await roster(world))).not.toContain('RosterCheckpointed');
    // It is still due, and the next one says who is there by then.
    await world.leave('web-1');
    await world.clock.advance(1_000);
    expect(typesOf(await roster(world)).slice(-2)).toEqual(['RosterCheckpointed', 'RosterCheckpointed']);
    expect([away(), world.having('A').size]).toEqual([[false, false], 57]);
    await world.restart();
    expect([away(), world.having('A').size]).toEqual([[false, false], 57]);
  });
});
