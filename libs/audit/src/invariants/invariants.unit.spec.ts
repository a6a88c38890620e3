import { groupStreamId, hashOf, type RolloutEvent, type StepName } from '@sluice/contracts';
import { beforeEach, describe, expect, it } from 'vitest';

import { deadline, GROUP, History, ID, plan, targets } from './history.suite.js';

let history: History;
beforeEach(() => {
  history = new History();
});

const WHOLE: readonly StepName[] = ['drain', 'download', 'install', 'verify', 'enable'];

describe('invariants stay quiet', () => {
  it('on a rollout as it should be', () => {
    history
      .canaryDone()
      .admit(1, 2)
      .steps(1, ...WHOLE)
      .steps(2, ...WHOLE)
      .exec({ type: 'StagePassed', stage: 1 }, { type: 'StageEntered', stage: 2 });
    history
      .admit(3, 4)
      .steps(3, ...WHOLE)
      .fail(4)
      .exec({ type: 'StagePassed', stage: 2 }, { type: 'StageEntered', stage: 3 });
    history
      .admit(5)
      .steps(5, ...WHOLE)
      .exec({ type: 'StagePassed', stage: 3 });
    history.exec({
      type: 'RolloutFailed',
      counts: { done: 5, skipped: 0, failed: 1, unknown: 0, excluded: 0, untouched: 0 },
      notServing: [4],
    });
    expect(history.invariants.violations).toEqual([]);
  });
});

describe('invariants fire', () => {
  it('I1 when one more than A is taken out', () => {
    const large = { ...plan, batches: [[5, 1]] as const };
    history.planned(large).leased().exec({ type: 'RolloutStarted', token: 1 }, { type: 'StageEntered', stage: 0 });
    history.admit(0).steps(0, 'drain', 'download', 'install', 'verify').approve('canary', 'piet', hashOf(large));
    history
      .exec({ type: 'TargetsAdmitted', run: 'enable', targets: [0], deadline })
      .steps(0, 'enable')
      .exec({ type: 'StagePassed', stage: 0 });
    history.approve('batches', 'piet', hashOf(large)).exec({ type: 'StageEntered', stage: 1 });
    expect(history.admit(1, 2).broken).toEqual([]);
    expect(history.admit(3).broken).toEqual(['I1']);
  });

  it('I1 when a failure that brakes is passed over', () => {
    history
      .canaryDone()
      .admit(1, 2)
      .fail(1)
      .fail(2)
      .exec({ type: 'StagePassed', stage: 1 }, { type: 'StageEntered', stage: 2 });
    expect(history.admit(3).broken).toEqual(['TAR-32', 'I1']);
    expect(history.invariants.violations[1]?.what).toContain('lost 2');
  });

  it('I1 when fewer would serve than minServing', () => {
    history
      .planned({ budget: { ...plan.budget, minServing: 6 } })
      .leased()
      .exec({ type: 'RolloutStarted', token: 1 }, { type: 'StageEntered', stage: 0 });
    expect(history.admit(0).broken).toEqual(['I1']);
  });

  it('I1 when a budget is set that the rule does not give', () => {
    history.started().exec({ type: 'BudgetChanged', members: 5, maxUnavailable: 2, failureLimit: 2, extraFailures: 0 });
    expect(history.broken).toContain('I1');
  });

  it('I2 when a target has two attempts, a group two leases, or a token does not grow', () => {
    expect(new History().started().admit(0).admit(0).broken).toContain('I2');
    expect(new History().started().leased(2).broken).toContain('I2');
    expect(
      new History()
        .planned()
        .leased(3)
        .write('group', groupStreamId(GROUP), [{ type: 'LeaseReleased', rolloutId: ID, outcome: 'closed' }])
        .leased(3).broken,
    ).toContain('I2');
    expect(new History().planned().exec({ type: 'RolloutStarted', token: 1 }).broken).toContain('I2');
    expect(new History().planned().leased(4).exec({ type: 'RolloutStarted', token: 3 }).broken).toContain('I2');
  });

  it('I3 when a step is out of order, of an old attempt, or of nobody', () => {
    expect(new History().started().admit(0).steps(0, 'install').broken).toContain('I3');
    expect(
      new History().started().admit(0).exec({ type: 'StepSucceeded', target: 0, step: 'drain', n: 2, ms: 1 }).broken,
    ).toContain('I3');
    expect(new History().started().steps(0, 'drain').broken).toContain('I3');
    expect(new History().started().admit(0).steps(0, 'drain', 'drain').broken).toContain('I3');
  });

  it('I4 when the canary is enabled without its approval', () => {
    history.started().admit(0).steps(0, 'drain', 'download', 'install', 'verify');
    expect(history.exec({ type: 'TargetsAdmitted', run: 'enable', targets: [0], deadline }).broken).toEqual(['I4']);
  });

  it('I5 when a later batch begins too early, or passes with targets in a step', () => {
    expect(new History().started().admit(0, 1).broken).toContain('I5');
    expect(new History().canaryDone().admit(1).exec({ type: 'StagePassed', stage: 1 }).broken).toContain('I5');
    expect(new History().started().exec({ type: 'StageEntered', stage: 1 }).broken).toContain('I5');
  });

  it('I6 when something is admitted while paused, braked, settling or waiting for an approval', () => {
    const cause = { kind: 'budget', words: '', numbers: {} } as const;
    for (const stop of [
      { type: 'RolloutPaused' },
      { type: 'RolloutBraked', cause },
      { type: 'RolloutSettling', cause: 'cancelled' },
      { type: 'ApprovalRequested', approval: 'batches', planHash: hashOf(plan) },
    ] as const) {
      expect(new History().started().exec(stop).admit(0).broken, stop.type).toContain('I6');
    }
    expect(new History().planned().leased().admit(0).broken).toContain('I6');
  });

  it('I7 when an excluded host gets a command', () => {
    expect(history.started().exec({ type: 'TargetExcluded', target: 0, reason: 'disk' }).admit(0).broken).toContain(
      'I7',
    );
  });

  it('I10 when the folded state is not what the events say', () => {
    history.started().admit(0);
    // A result of an attempt that never was: the domain ignores it, an outsider takes it at its word.
    history.exec({ type: 'StepFailed', target: 0, step: 'drain', n: 5, ms: 1, code: 'X', message: '', serving: false });
    expect(history.broken).toContain('I10');
  });

  it('I12 when the end leaves a target in a step, counts wrongly, or hides a host', () => {
    const counts = { done: 0, skipped: 0, failed: 1, unknown: 0, excluded: 0, untouched: 5 };
    const end = (notServing: readonly number[], change = {}): RolloutEvent => ({
      type: 'RolloutFailed',
      counts: { ...counts, ...change },
      notServing,
    });
    expect(
      new History()
        .started()
        .admit(0)
        .exec(end([0])).broken,
    ).toContain('I12');
    expect(new History().started().admit(0).fail(0).exec(end([])).broken).toContain('I12');
    expect(
      new History()
        .started()
        .admit(0)
        .fail(0)
        .exec(end([0], { failed: 2 })).broken,
    ).toContain('I12');
    expect(
      new History()
        .started()
        .admit(0)
        .exec({ type: 'RolloutPaused' })
        .fail(0)
        .exec(end([0])).broken,
    ).toEqual([]);
  });

  it('I13 when the requester approves, or another plan is approved, or a plan lies about its hash', () => {
    expect(new History().started().approve('canary', 'rita').broken).toEqual(['I13']);
    expect(new History().started().approve('canary', 'piet', 'ab'.repeat(32)).broken).toEqual(['I13']);
    const lies = new History().write('plan', ID, [
      { type: 'PlanTargetsAdded', from: 0, targets: targets.slice(1) },
      { type: 'RolloutPlanned', plan: { ...plan, targetCount: 5 }, planHash: hashOf(plan) },
    ]);
    expect(lies.broken).toEqual(['I13']);
  });
});
