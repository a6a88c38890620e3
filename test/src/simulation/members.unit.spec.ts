import type { DomainEvent } from '@sluice/contracts';
import { describe, expect, it } from 'vitest';

import { APP, GROUP, hostName, Simulation } from './simulation.js';

const REQUEST = {
  strategy: 'rolling',
  interval: '1s',
  gates: ['settled'],
  batches: '25%',
  failureThreshold: 100,
} as const;

const eventsOf = <T extends DomainEvent['type']>(
  sim: Simulation,
  id: string,
  type: T,
): Extract<DomainEvent, { readonly type: T }>[] =>
  sim.timeline.flatMap(({ id: stream, event }) =>
    stream === id && event.type === type ? [event as Extract<DomainEvent, { readonly type: T }>] : [],
  );

/** A new machine of the group: its agent speaks, and the inventory knows it. */
function join(sim: Simulation, index: number): string {
  const entry = { host: hostName(index), app: APP, group: GROUP, running: '1.0.0' };
  sim.fleet.add(entry);
  sim.inventory.listed.set(entry.host, { ...entry, serving: true });
  return entry.host;
}

function leave(sim: Simulation, index: number): void {
  sim.fleet.vanish(hostName(index));
  sim.inventory.listed.delete(hostName(index));
}

const sound = (sim: Simulation): void => expect(sim.faults()).toEqual([]);

/** One that cannot install: something for a retry to do. */
const failing = (host: string) => (attempt: { readonly host: string; readonly n: number; readonly step: string }) =>
  attempt.host === host && attempt.n === 1 && attempt.step === 'verify' ? ({ kind: 'fail' } as const) : undefined;

describe('rows: members that come and go in mid-rollout', () => {
  it('TRS-13 a retry removes who vanished and adds who is new, in batches under the same cap; a rollback takes back all', async () => {
    const sim = new Simulation({ seed: 3, hosts: 8, environment: 'test', faults: failing(hostName(2)) });
    const first = await sim.request({ ...REQUEST, version: '1.0.0' });
    await sim.until(() => sim.ended(first));
    await sim.command(first, { type: 'retry' });
    await sim.until(() => sim.model(first).status === 'ended');
    const id = await sim.request(REQUEST);
    await sim.until(() => eventsOf(sim, id, 'StagePassed').length > 0);
    leave(sim, 7);
    const added = [20, 21, 22, 23, 24].map((index) => join(sim, index));
    await sim.until(() => ['braked', 'failed'].includes(sim.model(id).status));
    await sim.command(id, { type: 'retry' });
    await sim.until(() => sim.model(id).status === 'ended');
    expect(sim.model(id).end).toBe('RolloutSucceeded');
    const synced = eventsOf(sim, id, 'MembersSynced').at(-1);
    expect(synced).toMatchObject({
      gone: [7],
      back: [],
      batches: [
        [3, 1],
        [2, 1],
      ],
    });
    expect(sim.fleet.versions(GROUP)).toMatchObject({ '2.0.0': 12 });

    await sim.command(id, { type: 'rollback' });
    await sim.until(() => sim.fleet.versions(GROUP)['1.0.0'] === 12);
    const back = [...sim.invariants.rollouts.values()].find(({ plan }) => plan.rollbackOf === id);
    expect(back?.targets.map(({ host }) => host)).toEqual(expect.arrayContaining(added));
    sound(sim);
  });

  it('STR-08 who joins in mid-rollout has its version by an event, and is listed at the end when it is another', async () => {
    const sim = new Simulation({ seed: 5, hosts: 8, environment: 'test' });
    const id = await sim.request({ ...REQUEST, interval: '20s' });
    await sim.until(() => eventsOf(sim, id, 'StagePassed').length > 0);
    const host = join(sim, 20);
    leave(sim, 0);
    await sim.until(() => sim.ended(id));
    expect(eventsOf(sim, id, 'MembersJoined')[0]?.members).toEqual([{ host, running: '1.0.0' }]);
    const ends = [...eventsOf(sim, id, 'RolloutSucceeded'), ...eventsOf(sim, id, 'RolloutFailed')];
    expect(ends[0]?.behind).toEqual({ count: 1, members: [{ host, running: '1.0.0' }] });
    expect(sim.fleet.host(host).journal.size).toBe(0);
    sound(sim);
  });

  it('MOM-12 a host that dies after it was done is lost, counts in the budget, and is listed', async () => {
    const sim = new Simulation({ seed: 7, hosts: 8, environment: 'test' });
    const id = await sim.request({ ...REQUEST, batches: '13%', interval: '60s', failureThreshold: 13 });
    await sim.until(() => eventsOf(sim, id, 'StagePassed').length > 0);
    sim.fleet.vanish(hostName(0));
    await sim.until(() => eventsOf(sim, id, 'RolloutBraked').length > 0);
    expect(eventsOf(sim, id, 'TargetsSilent')[0]?.targets).toEqual([0]);
    expect(eventsOf(sim, id, 'RolloutBraked')[0]?.cause).toMatchObject({ kind: 'budget', targets: [0] });
    await sim.until(() => eventsOf(sim, id, 'TargetsLost').length > 0);
    expect(sim.model(id).targets[0]).toMatchObject({ where: 'failed', lost: true });
    sim.inventory.listed.delete(hostName(0));
    await sim.command(id, { type: 'retry' });
    await sim.until(() => sim.ended(id));
    expect(sim.model(id).end).toBe('RolloutSucceeded');
    sound(sim);
  });

  it('XIM-08 a version that somebody changed past the system is an event, and the way back is one command', async () => {
    const sim = new Simulation({ seed: 9, hosts: 8, environment: 'test' });
    const first = await sim.request({ ...REQUEST, version: '1.0.0' });
    await sim.until(() => sim.ended(first));
    const id = await sim.request({ ...REQUEST, interval: '60s' });
    await sim.until(() => eventsOf(sim, id, 'StagePassed').length > 0);
    for (const index of [0, 7]) sim.fleet.host(hostName(index)).slots.get(GROUP)?.tamper('9.9.9');
    const told = () => eventsOf(sim, id, 'DriftSeen').flatMap((event) => event.drifts);
    await sim.until(() => told().length >= 2);
    const drifts = told();
    expect(drifts).toContainEqual({ host: hostName(0), recorded: '2.0.0', running: '9.9.9' });
    expect(drifts).toContainEqual({ host: hostName(7), recorded: '1.0.0', running: '9.9.9' });
    expect(await sim.command(id, { type: 'rollback' })).toMatchObject({ ok: true });
    await sim.until(() => [...sim.invariants.rollouts.keys()].every((each) => sim.ended(each)));
    expect(sim.fleet.host(hostName(0)).slots.get(GROUP)?.running).toBe('1.0.0');
  });
});
