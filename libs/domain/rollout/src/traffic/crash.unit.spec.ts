import type { PlanEvent, RolloutEvent } from '@sluice/contracts';
import { describe, expect, it } from 'vitest';

import { evolveRollout } from '../evolve/evolve.js';
import { frozen, MINUTE, NEW, OLD, Shift, slo, smoke } from '../fixtures/shift.js';
import { initialRollout, isTerminal, type RolloutState } from '../state.js';
import { summarizeRollout } from '../summary.js';

type Recorded = readonly [event: PlanEvent | RolloutEvent, at: number];

/** A shift with gates, a pause and a weight by hand. */
function lived(): Shift {
  const weights = [{ weight: 5, smoke: true as const }, { weight: 25 }, { weight: 100 }];
  const gateSpecs = [smoke(), slo({ at: ['during'] })];
  const shift = Shift.from({ weights, approveBefore: 25 }, { gateSpecs }).run();
  shift.judge('slo', 'pass', 'during');
  shift.judge('smoke', 'fail');
  shift.say({ type: 'resume' });
  shift.judge('smoke', 'pass');
  shift.approve('batches');
  shift.work();
  shift.say({ type: 'pause' });
  shift.say({ type: 'setWeight', weight: 30 });
  shift.work();
  shift.tick(MINUTE);
  shift.say({ type: 'resume' });
  shift.input({ type: 'freezes', freezes: [frozen()] });
  shift.tick(MINUTE);
  shift.input({ type: 'freezes', freezes: [] });
  return shift.run();
}

const recorded = (shift: Shift): Recorded[] => shift.events.map((event, i) => [event, shift.times[i] ?? 0]);

const folded = (events: readonly Recorded[]): RolloutState =>
  events.reduce((state, [event, at]) => evolveRollout(state, event, at), initialRollout());

/** A new owner with nothing but the log and the world as it is. */
function revived(first: Shift, events: readonly Recorded[]): Shift {
  const shift = Shift.from();
  shift.events.splice(0, shift.events.length, ...events.map(([event]) => event));
  shift.times.splice(0, shift.times.length, ...events.map(([, at]) => at));
  shift.state = folded(events);
  shift.now = events.at(-1)?.[1] ?? 0;
  Object.assign(shift.world, first.world, { [OLD]: Shift.from().world[OLD] });
  for (const { service, desired } of shift.state.traffic?.ordered?.services ?? []) shift.set(NEW, service, { desired });
  shift.version = shift.state.traffic?.published?.version ?? 0;
  return shift;
}

/** What people and gates would say now. */
function answer(shift: Shift): void {
  const { status, stage } = shift.state;
  if (status === 'planned') shift.begin();
  else if (status === 'awaiting-approval') shift.approve('batches');
  else if (status === 'paused' || status === 'braked') shift.say({ type: 'resume' });
  else if (stage.asked) for (const gate of stage.gates) shift.judge(gate, 'pass', stage.phase);
  shift.input({ type: 'freezes', freezes: [] });
}

describe('I11 C1 a crash after any event of a shift of traffic', () => {
  const first = lived();
  const log = recorded(first);

  it('the whole of it ends well', () => {
    expect(first.state.status).toBe('succeeded');
    expect(first.weights('WeightPublished')).toEqual([5, 25, 30, 100]);
  });

  it('I10 the log alone gives the same state', () => {
    expect(folded(log)).toEqual(first.state);
  });

  it.each(log.map(([event], i) => [i, event.type] as const).slice(1))('ends the same after event %i, %s', (i) => {
    const shift = revived(first, log.slice(0, i + 1));
    for (let turn = 0; turn < 20 && !isTerminal(shift.state.status); turn += 1) {
      shift.tick(0);
      shift.run();
      if (!isTerminal(shift.state.status)) answer(shift);
    }
    expect(summarizeRollout(shift.state)).toMatchObject({
      state: 'succeeded',
      traffic: { live: NEW, weights: { [NEW]: 100, [OLD]: 0 }, old: { retired: true } },
    });
    for (const type of ['SideScaleOrdered', 'SideRetireOrdered', 'SideRetired', 'RolloutSucceeded'] as const)
      expect(shift.of(type)).toHaveLength(1);
    const stages = shift.of('WeightSet').flatMap(({ why, weights }) => (why === 'stage' ? [weights[NEW] ?? -1] : []));
    expect(stages).toEqual([5, 25, 100]);
  });

  it('a way back that was ordered is walked to its end', () => {
    const shift = Shift.from().runTo(2);
    shift.say({ type: 'rollback' });
    const again = revived(shift, recorded(shift));
    again.work();
    expect([again.state.status, again.published]).toEqual(['cancelled', [{ [NEW]: 0, [OLD]: 100 }]]);
  });
});
