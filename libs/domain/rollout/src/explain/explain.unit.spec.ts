import type { BrakeCause, Decision, PlannableMember, RolloutEvent, TracedCommit } from '@sluice/contracts';
import { describe, expect, it } from 'vitest';

import { Machine, type PlanShape } from '../fixtures/machine.js';
import { frozen, MINUTE, OLD, Shift, slo } from '../fixtures/shift.js';
import type { RolloutInput } from '../inputs.js';
import { commitsOf, isSound, retraced } from './retraced.suite.js';
import { standingOf } from './standing.js';

const SHAPE: PlanShape = { batches: [2, 2, 2, 2], percent: 25 };
const RAMP: PlanShape = {
  batches: [],
  strategy: 'ramp',
  approvals: { batches: 'policy' },
  ramp: {
    fleet: 'backend',
    spec: {
      ...{ name: 'docker', type: 'string', from: '1', to: '2', limits: {}, salt: '' },
      schedule: { kind: 'linear', durationMs: 1_000 },
    },
  },
};
const LB = { balancer: 'edge', backend: 'hello' } as const;

const after = (machine: Machine, ...inputs: readonly RolloutInput[]): Machine => {
  for (const input of inputs) machine.input(input);
  return machine;
};

const failing = (shape: PlanShape, ...targets: readonly number[]): Machine => {
  const machine = Machine.started(shape);
  machine.drive((target) => targets.includes(target));
  return machine;
};

const balanced = (target: number, step: 'drain' | 'enable', outcome: object): RolloutInput =>
  ({ type: 'balanced', target, n: 1, step, ms: 20, outcome }) as RolloutInput;

const down = { kind: 'down', words: 'connection refused' } as const;

/** A history for each kind of brake. */
const BRAKED: Readonly<Record<BrakeCause['kind'], () => Machine>> = {
  budget: () => failing(SHAPE, 0, 1),
  canary: () => failing({ canaries: 1, batches: [2] }, 0),
  gate: () => {
    const shift = Shift.from({ smokeDark: true }, { gateSpecs: [slo({ at: ['during'] })] }).runTo(1);
    shift.judge('slo', 'fail', 'during');
    return shift;
  },
  capacity: () => failing({ batches: [1, 2], percent: 100, budget: { minServing: 2, failureLimit: 3 } }, 0),
  log: () => after(Machine.started(SHAPE), { type: 'logRegressed', loss: { seen: 40, position: 33 } }),
  dependency: () => after(Machine.started({ ...SHAPE, lb: { ...LB, mode: 'required' } }), balanced(0, 'drain', down)),
  ramp: () =>
    after(
      Machine.started(RAMP),
      { type: 'rampSeen', seen: { phase: 'ramping', to: 3, hosts: 10 } },
      { type: 'rampSeen', seen: { phase: 'stopped', to: 3, hosts: 10, words: 'piet' } },
    ),
};

const WORDS: Readonly<Record<BrakeCause['kind'], string>> = {
  budget: 'lost 2 - written off 0 = 2 >= limit 2 = min(A 2, T 2) of 8 members; 6 targets are left',
  canary: 'failed canaries 1 > forgiven 0: h0 failed at verify, planted [PLANTED]',
  gate: 'w',
  capacity: 'serving 2 - one more 1 = 1 < minServing 2',
  log: 'the log ends at position 33 < read before: position 40; the log lost its tail',
  dependency: 'edge is required and down: connection refused',
  ramp: 'docker is stopped, and not by this rollout: piet',
};

const brakeOf = (machine: Machine, commits?: readonly TracedCommit[]): Decision | undefined =>
  retraced(machine, commits).decisions.findLast(({ kind }) => kind === 'brake');

describe('every brake is explained', () => {
  it.each(Object.keys(BRAKED) as BrakeCause['kind'][])(
    '%s, with its rule and its numbers, and decided again',
    (kind) => {
      const machine = BRAKED[kind]();
      expect(machine.state.brake?.kind).toBe(kind);
      expect(brakeOf(machine)).toMatchObject({ outcome: `braked: ${kind}`, rule: expect.stringMatching(/^brake: /) });
      expect(brakeOf(machine)?.arithmetic).toContain(WORDS[kind]);
      expect(retraced(machine).wrong).toEqual([]);
    },
  );

  it('a side that is not ready in its time is a brake, too', () => {
    const shift = Shift.from();
    shift.see(OLD);
    shift.tick(10 * MINUTE);
    expect(brakeOf(shift)?.arithmetic).toContain('waited (ms) 600000 >= ready within (ms) 600000');
    expect(retraced(shift).wrong).toEqual([]);
  });

  it.each(['budget', 'canary', 'capacity'] as const)(
    '%s: another number in the record is doubted, and differs',
    (kind) => {
      const machine = BRAKED[kind]();
      const commits = changed(commitsOf(machine), 'RolloutBraked', (event) => ({
        ...event,
        cause: { ...event.cause, numbers: mapped(event.cause.numbers) },
      }));
      expect(brakeOf(machine, commits)?.doubt).toMatch(/recorded is \w+ 10\d, the log before it makes \d/);
      expect(brakeOf(machine, commits)?.arithmetic).toContain(WORDS[kind]);
      const { again } = retraced(machine, commits);
      expect(again.filter(({ verdict }) => verdict === 'differs')).toHaveLength(1);
      expect(again.find(({ verdict }) => verdict === 'differs')?.words).toMatch(/decided again it is .*recorded is/);
    },
  );

  it('a brake that was cut out is missed where it should be', () => {
    const machine = BRAKED.budget();
    machine.say({ type: 'override', extraFailures: 2 });
    const commits = commitsOf(machine).map((commit) => without(commit, 'RolloutBraked'));
    const { again } = retraced(machine, commits);
    expect(again.find(({ verdict }) => verdict === 'differs')?.words).toMatch(/RolloutBraked.* is not recorded/);
  });
});

describe('what else is decided', () => {
  it('an approval is refused to the requester, to nobody, and to the plan itself', () => {
    const machine = Machine.started({ canaries: 1, batches: [2] });
    machine.settle(0);
    machine.approve('canary');
    for (const by of [
      { id: 'rita', kind: 'user' },
      { id: 'plan', kind: 'policy' },
      { id: 'local', kind: 'user' },
    ] as const) {
      const forged = commitsOf(machine).map((commit) => ({
        ...commit,
        meta: commit.meta.map((meta, i) => (commit.events[i]?.type === 'ApprovalGranted' ? { ...meta, by } : meta)),
      }));
      expect(
        retraced(machine, forged).again.some(({ verdict }) => verdict === 'differs'),
        by.id,
      ).toBe(true);
    }
    expect(retraced(machine).wrong).toEqual([]);
    const approval = retraced(machine).decisions.find(({ type }) => type === 'ApprovalGranted');
    expect(approval?.arithmetic).toContain('approver ana is not requester rita');
  });

  it('an admission says what it costs, and what costs nothing', () => {
    const machine = Machine.started({ ...SHAPE, drained: [0] });
    const first = retraced(machine).decisions.find(({ kind }) => kind === 'admission');
    expect(first).toMatchObject({
      outcome: '2 targets admitted',
      threshold: { name: 'A', op: '<=', value: 2, actual: 2 },
      arithmetic: 'unavailable 1 + taken out 1 = 2 <= A 2; 1 of 2 were out of service and cost nothing',
    });
    const more = changed(commitsOf(machine), 'TargetsAdmitted', (event) => ({ ...event, targets: [0, 1, 2] }));
    expect(retraced(machine, more).wrong.join()).toContain('more were taken out than the budget allows');
  });

  it('a host that runs the version is skipped', () => {
    const machine = failing(SHAPE, 0, 1);
    machine.say({ type: 'skip', host: 'h0' });
    machine.settle(0);
    const kinds = retraced(machine).decisions.filter(({ kind }) => kind === 'skip');
    expect(kinds.map(({ outcome }) => outcome)).toEqual(['skip ordered', 'skipped']);
    expect(retraced(machine).wrong).toEqual([]);
  });

  it('steps at a balancer: done, refused, skipped, and given up', () => {
    const degraded = Machine.started({ ...SHAPE, lb: { ...LB, mode: 'degrade' } });
    degraded.input(balanced(0, 'drain', down));
    degraded.input(balanced(1, 'drain', { kind: 'refused', code: 'NO_SERVER', message: 'no such server' }));
    expect(retraced(degraded).decisions.map(({ outcome }) => outcome)).toContain('drain skipped');
    expect(retraced(degraded).wrong).toEqual([]);
    const required = Machine.started({ ...SHAPE, lb: { ...LB, mode: 'required' } });
    required.input(balanced(0, 'drain', { kind: 'done' }));
    required.settle(0);
    required.input(balanced(0, 'enable', down));
    expect(retraced(required).wrong).toEqual([]);
  });

  it('a retry looks at the group again: who has gone, who is new', () => {
    const machine = failing(SHAPE, 0, 1);
    const members: PlannableMember[] = [1, 2, 3, 4, 5, 6, 9, 10].map((i) => ({ host: `h${i}` }));
    const actor = { id: 'ana', kind: 'user' } as const;
    machine.input({ type: 'arrival', from: 8, targets: members.slice(-2) });
    machine.input({ type: 'command', command: { type: 'retry' }, actor, reason: 'r', fresh: { ok: true, members } });
    expect(machine.of('MembersSynced')[0]).toMatchObject({ gone: [0, 7] });
    expect(retraced(machine).wrong).toEqual([]);
    machine.drive((target) => target === 3 || target === 4);
    const fresh = { ok: false, problem: 'the inventory did not answer' } as const;
    machine.input({ type: 'command', command: { type: 'retry' }, actor, fresh });
    expect(retraced(machine).wrong).toEqual([]);
    machine.drive((target) => target === 3 || target === 4);
    machine.input({
      type: 'command',
      command: { type: 'retry' },
      actor,
      fresh: { ok: true, members: [...members, { host: 'x' }] },
    });
    expect(retraced(machine).wrong).toEqual([
      'undecidable: which members the group had in that moment is not recorded',
    ]);
  });

  it('heartbeats are decided again on what the gate stream saw', () => {
    const machine = Machine.started({ batches: [1, 1, 1], percent: 100, budget: { failureLimit: 3 } });
    machine.settle(0);
    machine.input({ type: 'silent', targets: [0, 1] });
    machine.input({ type: 'heard', targets: [0, 2] });
    machine.input({ type: 'seen', members: [{ host: 'new', running: null }] });
    expect(retraced(machine).wrong).toEqual([]);
    const seen = machine.turns.findIndex(({ input }) => input.type === 'seen');
    machine.turns.splice(seen, 1, { ...(machine.turns[seen] ?? { at: 0, from: 0, own: 0 }), input: { type: 'tick' } });
    expect(retraced(machine).again.filter(({ verdict }) => verdict === 'differs')).toHaveLength(1);
  });

  it('a verdict that no gate gave differs', () => {
    const shift = Shift.from({}, { gateSpecs: [slo({ at: ['during'] })] }).runTo(1);
    shift.judge('slo', 'fail', 'during');
    const commits = changed(commitsOf(shift), 'GateRecorded', (event) => ({ ...event, round: 9 }));
    expect(retraced(shift, commits).again.find(({ verdict }) => verdict === 'differs')?.words).toContain(
      'the gate stream has no verdict of slo on stage 1, round 9',
    );
  });

  it('every event of a history but plain facts is explained, once', () => {
    for (const kind of Object.keys(BRAKED) as BrakeCause['kind'][]) {
      const machine = BRAKED[kind]();
      const facts = ['StepSucceeded', 'SideSeen', 'PlanTargetsAdded'];
      const types = machine.types().filter((type) => !facts.includes(type));
      expect(
        retraced(machine)
          .decisions.map(({ type }) => type)
          .filter((type) => !facts.includes(type)),
      ).toEqual(types);
    }
  });

  it('words that are wrong are found wrong', () => {
    expect(isSound('lost 3 - written off 1 = 2 >= limit 2 = min(A 3, T 2)')).toBe(true);
    expect(isSound('lost 3 - written off 1 = 3 >= limit 2')).toBe(false);
    expect(isSound('unavailable 2 + one more 1 = 3 > A 4')).toBe(false);
  });
});

describe('why it does not go on', () => {
  const standing = (machine: Machine) => standingOf(machine.state, machine.now);

  it('says why nothing is admitted', () => {
    const full = Machine.started({ batches: [8], percent: 25 });
    expect(standing(full)).toMatchObject({
      outcome: 'the budget is full',
      arithmetic: 'unavailable 2 + one more 1 = 3 > A 2: 2 in a step, 0 lost, 6 wait',
    });
    expect(standing(BRAKED.budget())).toMatchObject({ outcome: 'braked: budget', threshold: { actual: 2, value: 2 } });
    const waiting = Machine.started({
      ...SHAPE,
      waits: { intervalMs: 500, tailIntervalMs: 0, tailFrom: 3, bakeMs: 0 },
    });
    waiting.drive();
    expect(standing(waiting)).toMatchObject({ outcome: 'waits (interval)', threshold: { actual: 500 } });
    full.input({ type: 'freezes', freezes: [frozen()] });
    expect(standing(full)).toMatchObject({ outcome: 'frozen', arithmetic: 'fz: stop the line' });
    full.say({ type: 'pause' });
    expect(standing(full).outcome).toBe('paused');
    full.say({ type: 'cancel' });
    expect(standing(full)).toMatchObject({ outcome: 'ends', arithmetic: '2 in a step' });
  });
});

const mapped = (numbers: Readonly<Record<string, number>>): Record<string, number> =>
  Object.fromEntries(Object.entries(numbers).map(([name, value]) => [name, value + 100]));

function changed<T extends RolloutEvent['type']>(
  commits: readonly TracedCommit[],
  type: T,
  change: (event: Extract<RolloutEvent, { readonly type: T }>) => RolloutEvent,
): TracedCommit[] {
  return commits.map((commit) => ({
    ...commit,
    events: commit.events.map((event) =>
      event.type === type ? change(event as Extract<RolloutEvent, { readonly type: T }>) : event,
    ),
  }));
}

function without(commit: TracedCommit, type: RolloutEvent['type']): TracedCommit {
  const kept = commit.events.map((event) => event.type !== type);
  return {
    ...commit,
    events: commit.events.filter((_, i) => kept[i]),
    meta: commit.meta.filter((_, i) => kept[i]),
  };
}
