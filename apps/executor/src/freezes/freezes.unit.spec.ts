import { type CommandEnvelope, FREEZE_STREAM, type FreezeCommand, NEW_FREEZE } from '@sluice/contracts';
import { InMemoryEventLog } from '@sluice/event-log';
import { VirtualClock } from '@sluice/testing';
import { afterEach, describe, expect, it } from 'vitest';

import { silentLogger } from '../ports.js';
import { Freezes } from './freezes.js';

const HOUR = 3_600_000;
const plan = { environment: 'production', app: 'hello', group: 'hello-web' } as const;
const running: Freezes[] = [];

afterEach(async () => {
  await Promise.all(running.splice(0).map((each) => each.stop()));
});

interface World {
  readonly log: InMemoryEventLog;
  readonly clock: VirtualClock;
}

async function executor({ log, clock }: World): Promise<Freezes> {
  let made = 0;
  const freezes = new Freezes({ log, clock, newId: () => `e${running.length}-${(made += 1)}`, logger: silentLogger });
  running.push(freezes);
  await freezes.start();
  return freezes;
}

function newWorld(): World {
  const clock = new VirtualClock();
  return { clock, log: new InMemoryEventLog() };
}

const envelope = (id: string, command: FreezeCommand, target = NEW_FREEZE): CommandEnvelope<FreezeCommand> => ({
  v: 1,
  id,
  target,
  command,
  actor: { id: 'ana', kind: 'user' },
  reason: 'holidays',
});

async function until(holds: () => boolean): Promise<void> {
  for (let tries = 0; tries < 1_000 && !holds(); tries += 1) await new Promise((resolve) => setImmediate(resolve));
  expect(holds()).toBe(true);
}

describe('freezes of the installation', () => {
  it('hold at every executor, and after a restart, until they are lifted', async () => {
    const world = newWorld();
    const [one, other] = [await executor(world), await executor(world)];
    let told = 0;
    other.listen(() => (told += 1));
    const declared = await one.command(
      envelope('c1', {
        type: 'freeze',
        scope: { kind: 'environment', name: 'production' },
        until: world.clock.now() + HOUR,
      }),
    );
    expect(declared).toMatchObject({ ok: true, target: 'f-c1', state: 'declared' });
    await until(() => other.heldFor(plan).length === 1);
    expect(told).toBeGreaterThan(0);
    expect(other.heldFor({ ...plan, environment: 'test' })).toEqual([]);
    expect((await executor(world)).heldFor(plan)[0]?.words).toContain('production is frozen until');
    expect(await other.command(envelope('c2', { type: 'lift' }, 'f-c1'))).toMatchObject({ ok: true, state: 'lifted' });
    await until(() => one.heldFor(plan).length === 0);
  });

  it('I6 are heard of by who is in the middle of a turn of its own', async () => {
    const world = newWorld();
    const [one, other] = [await executor(world), await executor(world)];
    const command = { type: 'freeze', scope: { kind: 'all' }, until: world.clock.now() + HOUR } as const;
    for (let i = 0; i < 20; i += 1) {
      const declared = one.command(envelope(`c${i}`, command));
      // It refuses this, in a turn that the other's commit comes into.
      for (let pause = 0; pause < i; pause += 1) await Promise.resolve();
      void other.command(envelope(`d${i}`, { type: 'lift' }, 'f-none'));
      await declared;
      await until(() => other.heldFor(plan).length === i + 1);
    }
  });

  it('said twice are one, and what makes no sense is refused with a code', async () => {
    const world = newWorld();
    const one = await executor(world);
    const command = { type: 'freeze', scope: { kind: 'all' }, until: world.clock.now() + HOUR } as const;
    await one.command(envelope('c1', command));
    expect(await one.command(envelope('c1', command))).toMatchObject({ ok: true, target: 'f-c1', rev: 1 });
    expect(await one.command(envelope('c3', { type: 'lift' }, 'f-none'))).toMatchObject({
      ok: false,
      code: 'NOT_FOUND',
    });
  });

  it('begin and end by the clock, which is told and stands in the log', async () => {
    const world = newWorld();
    const one = await executor(world);
    const from = world.clock.now() + HOUR;
    await one.command(envelope('c1', { type: 'freeze', scope: { kind: 'all' }, from, until: from + HOUR }));
    const heard: number[] = [];
    one.listen(() => heard.push(one.heldFor(plan).length));
    expect(one.heldFor(plan)).toEqual([]);
    await world.clock.advance(HOUR);
    expect(heard).toContain(1);
    await world.clock.advance(HOUR);
    await until(() => heard.at(-1) === 0);
    const types: string[] = [];
    for await (const commit of world.log.read(FREEZE_STREAM)) types.push(...commit.events.map(({ type }) => type));
    expect(types).toEqual(['FreezeDeclared', 'FreezeLifted']);
  });
});
