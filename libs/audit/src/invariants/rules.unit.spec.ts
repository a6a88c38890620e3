import { groupStreamId, hashOf, type Plan, type PlanTarget, rolloutIdOf, type StepName } from '@sluice/contracts';
import { describe, expect, it } from 'vitest';

import { deadline, GROUP, History, ID, plan, targets } from './history.suite.js';

const WHOLE: readonly StepName[] = ['drain', 'download', 'install', 'verify', 'enable'];

/** A rollout without a canary, whose plan says something more. */
const rolling = (change: Partial<Plan> = {}): History =>
  new History()
    .planned({ canaries: 0, batches: [[2, 3]], ...change })
    .leased()
    .exec({ type: 'RolloutStarted', token: 1 }, { type: 'StageEntered', stage: 0 });

const failed = {
  type: 'StepFailed',
  target: 0,
  step: 'drain',
  n: 1,
  ms: 1,
  code: 'X',
  message: '',
  serving: true,
} as const;
const verify = { ...failed, step: 'verify', serving: false } as const;
const counts = { done: 0, skipped: 0, failed: 0, unknown: 0, excluded: 0, untouched: 6 };

describe('tries that the plan adds', () => {
  const retries = { stepRetries: { drain: 1 } };

  it('are quiet within their number: the target begins anew and is not lost', () => {
    const history = rolling(retries)
      .admit(0)
      .exec({ ...failed, again: 1 });
    history.exec({ type: 'TargetsAdmitted', run: 'roll', targets: [0], deadline }, { ...failed, n: 2 });
    expect(history.invariants.violations).toEqual([]);
  });

  it('TRS-17 fires when there is one more, one that is left out, or one out of turn', () => {
    expect(
      rolling()
        .admit(0)
        .exec({ ...failed, again: 1 }).broken,
    ).toContain('TRS-17');
    expect(rolling(retries).admit(0).exec(failed).broken).toEqual(['TRS-17']);
    expect(
      rolling(retries)
        .admit(0)
        .exec({ ...failed, again: 2 }).broken,
    ).toContain('TRS-17');
  });
});

describe('waived verifies', () => {
  const toVerify = (): History => rolling().admit(0).steps(0, 'drain', 'download', 'install');
  const waived = { type: 'VerifyWaived', target: 0, by: 'executor' } as const;

  it('are quiet when the plan says so, or whoever says so gives the own name; the target is enabled', () => {
    const history = toVerify().exec(verify, waived, { type: 'TargetsAdmitted', run: 'enable', targets: [0], deadline });
    expect(history.steps(0, 'enable').invariants.violations).toEqual([]);
    const ofPlan = rolling({ onVerifyFailure: { then: 'waive', waivedBy: 'vera' } }).admit(0);
    expect(ofPlan.steps(0, ...WHOLE.slice(0, 3)).exec(verify, { ...waived, by: 'vera' }).broken).toEqual([]);
  });

  it('TRS-17 fires for another step, for another name, and for a target that is well', () => {
    expect(rolling().admit(0).exec(failed, waived).broken).toEqual(['TRS-17']);
    expect(toVerify().exec(verify, { ...waived, by: 'vera' }).broken).toEqual(['TRS-17']);
    expect(toVerify().exec(waived).broken).toContain('TRS-17');
  });

  it('I4 fires when a target is enabled by itself though nobody waived it', () => {
    const history = toVerify().exec(verify, { type: 'TargetsAdmitted', run: 'enable', targets: [0], deadline });
    expect(history.broken).toContain('I4');
  });
});

describe('waits and gates', () => {
  const passed = (change: Partial<Plan>): History =>
    rolling(change)
      .admit(0, 1)
      .steps(0, ...WHOLE)
      .steps(1, ...WHOLE)
      .exec({ type: 'StagePassed', stage: 0 });
  const waits = { waits: { intervalMs: 100, tailIntervalMs: 0, tailFrom: 3, bakeMs: 50 } };
  const next = { type: 'StageEntered', stage: 1 } as const;

  it('TAR-29 fires when a batch begins before its interval is over, or the interval is another', () => {
    expect(passed(waits).exec(next).broken).toEqual(['TAR-29']);
    const wait = { type: 'WaitStarted', wait: 'interval', stage: 1, until: 101 } as const;
    expect(passed(waits).exec(wait).waits(99).exec(next).broken).toEqual(['TAR-29']);
    expect(passed(waits).exec(wait).waits(100).exec(next).broken).toEqual([]);
    expect(passed(waits).exec({ ...wait, until: 50 }).broken).toEqual(['TAR-29']);
    const shorter = { type: 'IntervalsChanged', intervalMs: 10, tailIntervalMs: 0 } as const;
    expect(passed(waits).exec(shorter, { ...wait, until: 11 }).broken).toEqual([]);
  });

  it('TAR-28 fires when a batch begins in manual mode and nobody said so', () => {
    expect(passed({ mode: 'manual' }).exec(next).broken).toEqual(['TAR-28']);
    expect(passed({ mode: 'manual' }).exec({ type: 'BatchProceeded', stage: 1 }, next).broken).toEqual([]);
  });

  it('TAR-27 fires when the canary passes before its bake is over', () => {
    const baked = (until: number | undefined, ms: number): History => {
      const history = new History().planned(waits).leased().exec({ type: 'RolloutStarted', token: 1 });
      history
        .exec({ type: 'StageEntered', stage: 0 })
        .admit(0)
        .steps(0, ...WHOLE.slice(0, 4));
      history.approve('canary', 'piet', hashOf({ ...plan, ...waits }));
      history.exec({ type: 'TargetsAdmitted', run: 'enable', targets: [0], deadline }).steps(0, 'enable');
      if (until !== undefined) history.exec({ type: 'WaitStarted', wait: 'bake', stage: 0, until });
      return history.waits(ms).exec({ type: 'StagePassed', stage: 0 });
    };
    expect(baked(undefined, 0).broken).toEqual(['TAR-27']);
    expect(baked(51, 49).broken).toEqual(['TAR-27']);
    expect(baked(51, 50).broken).toEqual([]);
  });

  it('I5 fires when a stage passes without its gates, or with a verdict of another round', () => {
    expect(passed({ gates: ['ready'] }).broken).toEqual(['I5']);
    const late = rolling({ gates: ['ready'] }).exec({
      type: 'GateRecorded',
      stage: 0,
      round: 1,
      gate: 'ready',
      verdict: 'pass',
      words: '',
    });
    expect(late.broken).toEqual(['I5']);
  });
});

describe('the brake', () => {
  const cause = { kind: 'budget', words: '', numbers: {} } as const;

  it('TAR-32 fires when it does not fall, falls for nothing, or is let go while it would fall again', () => {
    const lost = (target: number): typeof verify & { target: number } =>
      ({ ...verify, step: 'drain', target }) as never;
    expect(rolling().admit(0, 1).exec(lost(0)).exec(lost(1)).broken).toEqual(['TAR-32']);
    const braked = rolling().admit(0, 1).exec(lost(0)).exec(lost(1), { type: 'RolloutBraked', cause });
    expect(braked.broken).toEqual([]);
    expect(braked.exec({ type: 'BrakeReleased', by: 'resume' }).broken).toEqual(['TAR-32']);
    expect(rolling().admit(0).exec(lost(0), { type: 'RolloutBraked', cause }).broken).toEqual(['TAR-32']);
    expect(rolling().exec({ type: 'RolloutBraked', cause: { ...cause, kind: 'gate' } }).broken).toEqual(['TAR-32']);
    expect(rolling().exec({ type: 'RolloutBraked', cause: { ...cause, kind: 'capacity' } }).broken).toEqual(['TAR-32']);
  });
});

describe('rollbacks', () => {
  const to = { rolloutId: 'good', version: '1' };
  const back = (touched: readonly number[], down: readonly number[] = touched): History =>
    rolling()
      .exec({ type: 'RolloutSettling', cause: 'rollback' })
      .write('exec', ID, [{ type: 'RollbackRequested', to, targets: touched, down, ordinal: 1 }]);

  it('STR-07 fires when more or less is taken back than was touched, or to something else', () => {
    expect(back([0]).broken).toEqual(['STR-07']);
    expect(back([]).broken).toEqual(['STR-07']);
    const history = new History().planned({ canaries: 0, batches: [[2, 3]] }).leased();
    history.exec({ type: 'RolloutStarted', token: 1, rollbackTo: to }, { type: 'StageEntered', stage: 0 }).admit(0);
    history.exec({ ...failed, serving: false }, { type: 'RolloutSettling', cause: 'rollback' });
    history.exec({ type: 'RollbackRequested', to, targets: [0], down: [0], ordinal: 1 });
    expect(history.broken).toEqual([]);
    const planned = (hosts: readonly PlanTarget[]): History => {
      const taken = { ...plan, rolloutId: rolloutIdOf(GROUP, 'back'), strategy: 'rollback' as const, rollbackOf: ID };
      const sealed = { ...taken, targetsHash: hashOf(hosts), targetCount: hosts.length };
      return history.write('plan', sealed.rolloutId, [
        { type: 'PlanTargetsAdded', from: 0, targets: hosts },
        { type: 'RolloutPlanned', plan: sealed, planHash: hashOf(sealed) },
      ]);
    };
    expect(planned([{ host: 'a' }]).broken).toEqual([]);
    expect(planned(targets).broken).toEqual(['STR-07']);
  });
});

describe('commands and exclusions', () => {
  it('I11 fires when a command that was said twice has two effects', () => {
    const history = new History().planned();
    const say = (): History => history.write('exec', ID, [{ type: 'RolloutPaused' }], { id: 'olga', kind: 'user' });
    say();
    // The history names one cause for everything; a command's is its key.
    const events = [
      {
        event: { type: 'RolloutPaused' as const },
        meta: { by: { id: 'olga', kind: 'user' as const }, cause: 'command:1', corr: 'r' },
      },
    ];
    for (const position of [100, 101])
      history.invariants.apply({
        stream: { shard: '00', writer: 'exec', id: ID } as never,
        head: { rev: position, hash: '', position, at: 1 },
        draft: { id: `twice-${position}`, at: 1, events },
      });
    expect(history.broken).toEqual(['I11']);
  });

  it('I7 fires when a host is admitted that its group had excluded before', () => {
    const history = rolling().write('group', groupStreamId(GROUP), [
      { type: 'HostExcluded', host: 'a', reason: 'disk' },
    ]);
    expect(history.waits(1).admit(0).broken).toEqual(['I7']);
  });

  it('I13 fires when an approval was not asked for', () => {
    expect(new History().started().granted('batches').broken).toEqual(['I13']);
  });

  it('I12 fires when a success is claimed over targets that nobody touched and counts them as done', () => {
    expect(rolling().exec({ type: 'RolloutSucceeded', counts: { ...counts, done: 6, untouched: 0 } }).broken).toContain(
      'I12',
    );
  });
});
