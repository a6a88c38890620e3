import type { PlannableMember, RolloutEvent } from '@sluice/contracts';
import { stageAt, stageCount } from '@sluice/contracts';
import { describe, expect, it } from 'vitest';

import { Machine, type PlanShape } from './fixtures/machine.js';
import { syncOf } from './decide/members.js';
import { evolveRollout } from './evolve/evolve.js';
import type { FreshMembers } from './inputs.js';
import { countOf, initialRollout, phaseAt, planOf } from './state.js';

const named = (...hosts: readonly number[]): PlannableMember[] => hosts.map((i) => ({ host: `h${i}`, from: '1.0.0' }));
const upTo = (n: number): number[] => Array.from({ length: n }, (_, i) => i);

/** A retry as the executor orders it: new members first, in chunks, then the command with what was found. */
function retry(machine: Machine, members: readonly PlannableMember[], chunk = 1_000): RolloutEvent[] {
  const { added } = syncOf(machine.state, members);
  const first = machine.state.targets.length;
  for (let i = 0; i < added.length; i += chunk)
    machine.input({ type: 'arrival', from: first + i, targets: added.slice(i, i + chunk) });
  return command(machine, { ok: true, members });
}

const command = (machine: Machine, fresh: FreshMembers): RolloutEvent[] =>
  machine.input({ type: 'command', command: { type: 'retry' }, actor: { id: 'ana', kind: 'user' }, fresh });

/** All that it is worth, folded once more from its events. */
function replayed(machine: Machine): object {
  let state = initialRollout();
  for (const event of machine.events) state = evolveRollout(state, event, machine.now);
  return { ...state, lostAt: 0 };
}

const braked = (shape: PlanShape): Machine => {
  const machine = Machine.started(shape);
  machine.drive((target) => target < 2);
  return machine;
};

describe('members that are synced at a retry (TRS-13)', () => {
  const SHAPE: PlanShape = { batches: [2, 2, 2, 2], percent: 25 };

  it('TRS-13 removes vanished members and adds new ones under the same cap, never all in one extra batch', () => {
    const machine = braked(SHAPE);
    expect(machine.state.status).toBe('braked');
    const events = retry(machine, named(1, 2, 3, 4, 5, 6, ...upTo(13).slice(8)));
    expect(machine.of('MembersSynced')).toEqual([
      {
        type: 'MembersSynced',
        gone: [0, 7],
        back: [],
        batches: [
          [2, 2],
          [1, 1],
        ],
      },
    ]);
    expect(events.find(({ type }) => type === 'BudgetChanged')).toMatchObject({ members: 11, maxUnavailable: 2 });
    expect(events.find(({ type }) => type === 'RetryOrdered')).toMatchObject({ redo: [1], probe: [] });
    const sizes = upTo(stageCount(planOf(machine.state))).map((i) => {
      const stage = stageAt(planOf(machine.state), i);
      return (stage?.to ?? 0) - (stage?.from ?? 0);
    });
    expect(sizes).toEqual([2, 2, 2, 2, 2, 2, 1]);
    let most = 0;
    while (machine.open.length > 0) {
      most = Math.max(most, machine.state.outCount);
      machine.settle(machine.open[0] ?? 0);
    }
    expect(most).toBe(2);
    expect(machine.state.status).toBe('succeeded');
    expect([0, 7].map((target) => phaseAt(machine.state, target))).toEqual(['excluded', 'excluded']);
    expect(countOf(machine.state, 'done')).toBe(11);
    expect(replayed(machine)).toEqual({ ...machine.state, lostAt: 0 });
  });

  it('adds 100,000 in bounded pieces, and rolls them in batches of the new share', () => {
    const machine = braked(SHAPE);
    retry(machine, named(...upTo(100_008)), 2_000);
    expect(machine.of('MembersAdded').length).toBe(50);
    expect(machine.of('MembersSynced')[0]?.batches).toEqual([
      [25_002, 3],
      [24_994, 1],
    ]);
    expect(machine.state.maxUnavailable).toBe(25_002);
    expect(machine.state.targets.length).toBe(100_008);
  });

  it('adds nobody from pieces that another retry has replaced, says so, and goes on', () => {
    const machine = braked(SHAPE);
    machine.input({ type: 'arrival', from: 8, targets: named(50) });
    command(machine, { ok: true, members: named(...upTo(8), 9) });
    expect(machine.of('MembersSynced')[0]?.problem).toContain('retry again');
    expect(machine.state.targets.length).toBe(8);
    expect(machine.open).toEqual([0, 1]);
  });

  it('goes on with the members that it has when nobody can be asked, and the event says so', () => {
    const machine = braked(SHAPE);
    command(machine, { ok: false, problem: 'no planner answers' });
    expect(machine.of('MembersSynced')).toEqual([
      { type: 'MembersSynced', gone: [], back: [], batches: [], problem: 'no planner answers' },
    ]);
    machine.drive();
    expect(machine.state.status).toBe('succeeded');
  });

  it('rolls a host again that had gone and is back, under its old place', () => {
    const machine = braked(SHAPE);
    retry(machine, named(...upTo(8).slice(1)));
    machine.drive((target) => target === 1 || target === 3 || target === 2);
    expect(machine.state.status).toBe('braked');
    retry(machine, named(...upTo(8)));
    expect(machine.of('MembersSynced')[1]).toMatchObject({ back: [0], gone: [], batches: [] });
    machine.drive();
    expect(machine.state.status).toBe('succeeded');
    expect(countOf(machine.state, 'done') + countOf(machine.state, 'skipped')).toBe(8);
    expect(machine.state.attempts[0]).toBe(2);
  });

  it('never rolls a new member before the batches are approved, and keeps the approval of the canary', () => {
    const machine = Machine.started({ canaries: 1, batches: [1, 1], percent: 50 });
    machine.drive();
    machine.approve('canary');
    machine.drive();
    expect(machine.state.wanted).toBe('batches');
    machine.approve('batches');
    machine.drive(() => true);
    expect(machine.state.status).toBe('braked');
    retry(machine, named(0, 1, 2, 3, 4));
    expect(machine.state.approved.has('canary')).toBe(true);
    machine.drive();
    expect(machine.state.status).toBe('succeeded');
    expect(machine.of('ApprovalRequested').length).toBe(2);

    const alone = Machine.started({ canaries: 1, batches: [], percent: 50 });
    alone.drive(() => true);
    retry(alone, named(0, 1, 2));
    alone.drive();
    alone.approve('canary');
    alone.drive();
    expect(alone.state.wanted).toBe('batches');
    expect(alone.of('TargetsAdmitted').flatMap(({ targets }) => targets)).not.toContain(1);
  });

  it('adds nobody to a rollback, which is for the hosts that it names, and none that does not fit the plan', () => {
    const machine = Machine.started({ ...SHAPE, strategy: 'scaleOut' });
    machine.drive((target) => target < 2);
    expect(syncOf(machine.state, named(...upTo(9))).added).toEqual([]);
    const unfit = [...named(...upTo(8)), { host: 'h8', unfit: 'its profile is not in the plan' }];
    expect(syncOf(braked(SHAPE).state, unfit).added).toEqual([]);
  });
});

describe('a plan of a number of batches', () => {
  it('has the same A for the members that are left as a plan that is made for them', () => {
    for (const [members, batchCount] of [
      [11, 3],
      [5, 2],
      [100, 7],
    ] as const) {
      const budget = {
        percent: Math.ceil(100 / batchCount),
        batchCount,
        maxUnavailable: Math.ceil(members / batchCount),
      };
      const machine = Machine.started({ batches: [members], budget });
      for (let left = members - 1; left > 2; left -= 1) {
        machine.input({ type: 'exclude', host: `h${left}`, reason: 'disk' });
        expect([members, batchCount, left, machine.state.maxUnavailable]).toEqual([
          members,
          batchCount,
          left,
          Math.ceil(left / batchCount),
        ]);
      }
    }
  });
});

describe('hosts that are silent (MOM-12)', () => {
  const SHAPE: PlanShape = { batches: [5, 5], percent: 20 };

  it('MOM-12 a target that is lost in mid-step is unknown, and failed as lost by its deadline; it counts in the budget', () => {
    const machine = Machine.started(SHAPE);
    machine.input({ type: 'unreachable', target: 0, n: 1 });
    expect([phaseAt(machine.state, 0), machine.state.lostCount]).toEqual(['unknown', 1]);
    machine.settle(1);
    machine.tick(59_000);
    expect(machine.of('TargetsLost')).toEqual([]);
    machine.tick(2_000);
    expect(machine.of('TargetsLost')).toContainEqual({ type: 'TargetsLost', targets: [0] });
    expect([phaseAt(machine.state, 0), machine.state.lost[0], machine.state.failures.get(0)?.code]).toEqual([
      'failed',
      1,
      'LOST',
    ]);
  });

  it('MOM-12 a serving host that goes silent is unknown, then lost; so many of them brake', () => {
    const machine = Machine.started(SHAPE);
    machine.settle(0);
    machine.settle(1);
    const before = machine.open;
    machine.input({ type: 'silent', targets: [0, 9, ...before] });
    expect(machine.of('TargetsSilent')[0]?.targets).toEqual([0, 9]);
    expect([phaseAt(machine.state, 0), phaseAt(machine.state, 9)]).toEqual(['unknown', 'pending']);
    expect(machine.state.lostCount).toBe(2);
    expect(machine.state.status).toBe('braked');
    for (const target of before) machine.settle(target);
    machine.tick(60_001);
    expect(phaseAt(machine.state, 0)).toBe('failed');
    machine.input({ type: 'heard', targets: [9] });
    expect(machine.state.lostCount).toBe(1);
    machine.say({ type: 'resume' });
    machine.drive();
    expect(machine.state.status).toBe('failed');
    expect(machine.of('RolloutFailed')[0]).toMatchObject({ notServing: [0] });
  });

  it('I1 a lost host that was written off takes room again when it is admitted (chaos, seed 78)', () => {
    const machine = Machine.started({ batches: [1, 3], percent: 25, budget: { extraFailures: 1 } });
    machine.input({ type: 'silent', targets: [1] });
    machine.settle(0);
    expect(machine.state.maxUnavailable).toBe(1);
    expect(machine.open).toEqual([1]);
    machine.settle(1);
    expect(machine.open).toEqual([2]);
  });

  it('takes one back as it was when it is heard of in time', () => {
    const machine = Machine.started(SHAPE);
    machine.settle(0);
    machine.input({ type: 'silent', targets: [0] });
    machine.input({ type: 'silent', targets: [0] });
    machine.input({ type: 'heard', targets: [0, 1] });
    expect(machine.of('TargetsSilent').length).toBe(1);
    machine.drive();
    expect([machine.state.status, machine.state.lostCount, countOf(machine.state, 'done')]).toEqual([
      'succeeded',
      0,
      10,
    ]);
    machine.input({ type: 'silent', targets: [0] });
    expect(machine.of('TargetsSilent').length).toBe(1);
  });

  it('looks at a lost one before it is done again', () => {
    const machine = Machine.started({ batches: [1], percent: 100 });
    machine.input({ type: 'unreachable', target: 0, n: 1 });
    machine.tick(60_001);
    expect(machine.state.status).toBe('failed');
    const events = machine.say({ type: 'retry' });
    expect(events).toContainEqual(expect.objectContaining({ type: 'RetryOrdered', redo: [], probe: [0] }));
    machine.settle(0);
    expect([machine.state.status, phaseAt(machine.state, 0)]).toEqual(['succeeded', 'skipped']);
  });
});

describe('members that join in mid-rollout (STR-08)', () => {
  it('STR-08 a joining member gets its version by an event, and the end lists those that are not at the target', () => {
    const machine = Machine.started({ batches: [2, 2], percent: 50 });
    machine.input({
      type: 'seen',
      members: [
        { host: 'h1', running: '1.0.0' },
        { host: 'n1', running: '1.0.0' },
      ],
    });
    machine.input({
      type: 'seen',
      members: [
        { host: 'n1', running: '1.0.0' },
        { host: 'n2', running: '2.0.0' },
      ],
    });
    expect(machine.of('MembersJoined').map(({ members }) => members)).toEqual([
      [{ host: 'n1', running: '1.0.0' }],
      [{ host: 'n2', running: '2.0.0' }],
    ]);
    machine.drive();
    expect(machine.of('RolloutSucceeded')[0]?.behind).toEqual({
      count: 1,
      members: [{ host: 'n1', running: '1.0.0' }],
    });
  });

  it('lists nobody when all of them run the version, and forgets who became a target', () => {
    const machine = braked({ batches: [2, 2], percent: 50 });
    machine.input({ type: 'seen', members: [{ host: 'h4', running: '1.0.0' }] });
    retry(machine, named(0, 1, 2, 3, 4));
    machine.drive();
    expect(machine.state.status).toBe('succeeded');
    expect(machine.of('RolloutSucceeded')[0]).not.toHaveProperty('behind');
  });
});
