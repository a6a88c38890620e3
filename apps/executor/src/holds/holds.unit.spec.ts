import { type CommandEnvelope, HOLD_STREAM, type HoldCommand } from '@sluice/contracts';
import { InMemoryEventLog } from '@sluice/event-log';
import { VirtualClock } from '@sluice/testing';
import { describe, expect, it } from 'vitest';

import { silentLogger } from '../ports.js';
import { Holds } from './holds.js';

const PLACE: HoldCommand = { type: 'place', scope: { kind: 'group', name: 'shop' } };

const envelope = (id: string, command: HoldCommand, target = 'case-1'): CommandEnvelope<HoldCommand> => ({
  ...{ v: 1, id, target, command, actor: { id: 'lena', kind: 'user' }, reason: 'case 1' },
});

describe('holds of the installation', () => {
  const log = new InMemoryEventLog();
  let made = 0;
  const executor = (): Holds =>
    new Holds({ log, clock: new VirtualClock(), newId: () => `h-${(made += 1)}`, logger: silentLogger });

  it('are written by whichever executor is asked, once for each command, in the name of who placed them', async () => {
    const [one, other] = [executor(), executor()];
    expect(await one.command(envelope('c1', PLACE))).toMatchObject({ ok: true, state: 'placed', rev: 1 });
    expect(await one.command(envelope('c1', PLACE))).toMatchObject({ ok: true, state: 'placed', rev: 1 });
    expect(await other.command(envelope('c1', PLACE))).toMatchObject({ ok: true, state: 'placed', rev: 1 });
    expect(await other.command(envelope('c2', PLACE))).toMatchObject({ ok: false, code: 'CONFLICT' });
    expect(await other.command(envelope('c3', { type: 'lift' }))).toMatchObject({ ok: true, state: 'lifted', rev: 2 });
    expect(await one.command(envelope('c4', { type: 'lift' }))).toMatchObject({ ok: false, code: 'NOT_FOUND' });
    const last = await log.last(HOLD_STREAM);
    expect(last?.events).toEqual([{ type: 'HoldLifted', hold: 'case-1', reason: 'case 1' }]);
    expect(last?.meta[0]?.by).toEqual({ id: 'lena', kind: 'user' });
    one.stop();
    other.stop();
  });
});
