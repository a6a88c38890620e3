import { describe, expect, it } from 'vitest';

import { refusal } from '../fixtures/refusal.js';
import { MINUTE, NEW, OLD, Shift } from '../fixtures/shift.js';
import { wentBack } from './back.js';
import { trafficWork } from './work.js';

const BACK = { [NEW]: 0, [OLD]: 100 };
const backs = (shift: Shift): number => shift.of('WeightSet').filter(({ why }) => why === 'back').length;

/** Held in the drain window, just before the old side goes. */
const draining = (): Shift => Shift.from().runTo(4);
const retiring = (): Shift => {
  const shift = draining();
  shift.tick(10 * MINUTE);
  return shift;
};

describe('the way back from a shift of traffic', () => {
  it('SWB-10 STR-02 a rollback is one publication, and the rollout ends when it is in force', () => {
    const shift = Shift.from().runTo(2);
    expect(shift.say({ type: 'rollback' }).map(({ type }) => type)).toEqual(['RolloutSettling', 'WeightSet']);
    expect(trafficWork(shift.state).publish).toEqual(BACK);
    const published = shift.published.length;
    shift.work();
    expect(shift.published.slice(published)).toEqual([BACK]);
    expect(shift.of('RolloutCancelled')).toMatchObject([{ cause: 'rollback', notServing: [] }]);
    expect(shift.types()).not.toContain('RollbackRequested');
    expect(wentBack(shift.state)).toBe(1);
  });

  it.each([
    ['running', (): Shift => Shift.from().runTo(1)],
    ['awaiting-approval', (): Shift => Shift.from({ approveBefore: 25 }).run()],
    ['paused', (): Shift => said(Shift.from().runTo(3), { type: 'pause' })],
    ['braked', (): Shift => troubled(Shift.from().runTo(2))],
    ['running', draining],
  ] as const)('STR-02 it is possible while the shift is %s, as long as the old side is there', (status, made) => {
    const shift = made();
    expect(shift.state.status).toBe(status);
    shift.say({ type: 'rollback' });
    shift.work();
    expect([shift.state.status, shift.published.at(-1), backs(shift)]).toEqual(['cancelled', BACK, 1]);
  });

  it.each(['rollback', 'cancel'] as const)(
    'STR-02 a %s is refused with a reason once the old side was ordered to go',
    (type) => {
      const shift = retiring();
      expect(shift.of('SideRetireOrdered')).toHaveLength(1);
      const { code, message } = refusal(() => shift.say({ type }));
      expect(code).toBe('NOT_OFFERED');
      expect(message).toContain(`side ${OLD} was ordered to retire`);
      expect(refusal(() => shift.say({ type: 'setWeight', weight: 50 })).code).toBe('NOT_OFFERED');
      shift.work();
      expect(shift.state.status).toBe('succeeded');
      expect(refusal(() => shift.say({ type: 'rollback' })).message).toContain('nothing leads back');
    },
  );

  it.each(['cancel', 'supersede', 'reject'] as const)(
    'SWB-01 after a %s one side is live and the other dark again',
    (how) => {
      const shift = Shift.from({ approveBefore: 25 }).run();
      if (how === 'supersede') shift.input({ type: 'supersede', by: 'another' });
      else shift.say(how === 'cancel' ? { type: 'cancel' } : { type: 'reject', approval: 'batches' });
      expect(shift.state.status).toBe('settling');
      shift.work();
      expect([shift.state.status, shift.published.at(-1), backs(shift)]).toEqual(['cancelled', BACK, 1]);
      expect(wentBack(shift.state)).toBe(0);
    },
  );

  it('where no traffic was moved nothing is published', () => {
    const shift = Shift.from();
    shift.say({ type: 'rollback' });
    expect(shift.types().slice(-2)).toEqual(['RolloutSettling', 'RolloutCancelled']);
    expect(shift.of('WeightSet')).toEqual([]);
  });

  it('a weight that may be out there in part is taken back too', () => {
    const shift = Shift.from().look();
    shift.set(NEW, 'web', { desired: 25 }).set(NEW, 'search', { desired: 3 }).see(NEW);
    expect(shift.weights('WeightSet')).toEqual([5]);
    shift.say({ type: 'cancel' });
    expect(shift.state.status).toBe('settling');
    shift.work();
    expect(shift.published).toEqual([BACK]);
    expect(shift.state.status).toBe('cancelled');
  });

  it('a way back that cannot be published is tried on, and ends when it is', () => {
    const shift = Shift.from().runTo(1);
    shift.say({ type: 'rollback' });
    expect(shift.input({ type: 'trafficTrouble', dependency: 'lb', words: 'down' })).toEqual([]);
    expect(shift.state.status).toBe('settling');
    expect(trafficWork(shift.state).publish).toEqual(BACK);
    shift.work();
    expect(shift.state.status).toBe('cancelled');
  });

  it('another rollout that comes while the old side goes finds the new one live: the shift has succeeded', () => {
    const shift = retiring();
    shift.input({ type: 'trafficTrouble', dependency: 'scaler', words: 'no answer' });
    expect(shift.state.status).toBe('braked');
    shift.input({ type: 'supersede', by: 'another' });
    expect(shift.state.status).toBe('succeeded');
    expect(backs(shift)).toBe(0);
  });

  it('when the log lost its tail a person who ends it has all traffic taken back', () => {
    const shift = Shift.from();
    shift.input({ type: 'logRegressed', loss: { seen: 9, position: 3 } });
    shift.say({ type: 'cancel' });
    expect(trafficWork(shift.state).publish).toEqual(BACK);
  });

  it('TRS-14 what is declared not to be rolled back is not', () => {
    const shift = Shift.from({}, { rollbackable: false }).runTo(2);
    expect(refusal(() => shift.say({ type: 'rollback' })).message).toContain('declared not to be rolled back');
  });
});

function said(shift: Shift, command: Parameters<Shift['say']>[0]): Shift {
  shift.say(command);
  return shift;
}

function troubled(shift: Shift): Shift {
  shift.input({ type: 'trafficTrouble', dependency: 'lb', words: 'down' });
  return shift;
}
