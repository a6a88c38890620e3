import { type CommandResult, shardOfGroup } from '@sluice/contracts';
import type { EventLog } from '@sluice/event-log';
import { SluiceError } from '@sluice/kernel';
import { describe, expect, it } from 'vitest';

import { accepted, DAY, FLEET, FleetWorld, hostsOf, specOf } from '../fixtures/fleets.suite.js';
import { Fleets } from './fleets.js';

/** The log as a process has it that dies at its n-th append: before it was written, or after. */
function mortal(log: EventLog, dies: number, onDeath: () => void): EventLog {
  let appends = 0;
  const dead = (): SluiceError => {
    onDeath();
    return new SluiceError('STOPPING', 'it is dead');
  };
  return {
    append: async (...args) => {
      appends += 1;
      if (appends > dies || (appends === dies && dies % 2 === 0)) throw dead();
      const head = await log.append(...args);
      if (appends === dies) throw dead();
      return head;
    },
    read: (...args) => log.read(...args),
    last: (stream) => log.last(stream),
    follow: (options) => log.follow(options),
    position: () => log.position(),
  };
}

/** Says all that is to be said until it was heard, to executors that die one after the other. */
async function lifeOf(lives: readonly number[]): Promise<FleetWorld> {
  const world = new FleetWorld();
  const { clock, log, newId } = world;
  const left = [...lives];
  const revive = async (): Promise<void> => {
    const dies = left.shift();
    await world.fleets.stop();
    const fleets: Fleets = new Fleets({
      ...{ clock, newId, shards: [shardOfGroup(FLEET)] },
      log: dies === undefined ? log : mortal(log, dies, () => void fleets.stop()),
    });
    world.fleets = fleets;
    await world.fleets.start();
  };
  await revive();
  const sure = async (say: () => Promise<CommandResult>): Promise<void> => {
    let result = await say();
    for (let tries = 0; !result.ok && ['STOPPING', 'NOT_READY'].includes(result.code) && tries < 10; tries += 1) {
      await revive();
      result = await say();
    }
    accepted(result);
  };
  const join = (role: string, count: number, from = 0) =>
    sure(() => world.tell({ type: 'join', hosts: hostsOf(role, count, from) }, { id: `j-${role}-${from}` }));
  await join('login', 20);
  await join('web', 30);
  await sure(() => world.say({ type: 'define', spec: specOf() }, { id: 'define' }));
  await sure(() => world.say({ type: 'ramp' }, { id: 'ramp' }));
  for (let day = 1; day <= 15; day += 1) {
    await clock.advance(DAY);
    if (day === 7) await join('web', 10, 100);
    await revive();
  }
  return world;
}

describe('executors that die', () => {
  it.each(Array.from({ length: 6 }, (_, i) => i + 1))(
    'TSU-03 I11 at append %i of each life: nothing is lost, nothing happens twice, and the end is the same',
    async (dies) => {
      const world = await lifeOf([dies, dies + 1, 3, dies + 2, 2, dies, 1, 5]);
      expect([world.counts(), world.state().phase]).toEqual([{ from: 0, to: 60, other: 0 }, 'finished']);
      expect([...world.fleet.roster.names].toSorted()).toEqual(
        [...hostsOf('login', 20), ...hostsOf('web', 30), ...hostsOf('web', 10, 100)].map(({ host }) => host).toSorted(),
      );
      const events = await world.events();
      const flips = events.flatMap((event) => (event.type === 'ValuesAssigned' ? event.hosts : []));
      expect([flips.length, new Set(flips).size]).toEqual([60, 60]);
      for (const type of ['VariableDefined', 'RampStarted', 'RampFinished'])
        expect(events.filter((event) => event.type === type)).toHaveLength(1);
    },
  );
});
