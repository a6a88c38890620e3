import { describe, expect, it } from 'vitest';

import { faultsOf, madePlan, sampleInput, sampleMembers } from './samples.js';

const members = sampleMembers(4);

describe('what a request says about steps', () => {
  it('TRS-17 retries of verify and what follows its failure come from the request', () => {
    const { draft } = madePlan(
      sampleInput(members, {
        stepRetries: { verify: 3, download: 2, drain: 0 },
        onVerifyFailure: { then: 'waive', waivedBy: 'ana' },
        failureThreshold: 25,
      }),
    );
    expect(draft).toMatchObject({
      stepRetries: { download: 2, verify: 3 },
      onVerifyFailure: { then: 'waive', waivedBy: 'ana' },
      budget: { failureLimit: 1, failureThresholdPercent: 25 },
      gates: ['settled', 'ready'],
    });
    expect(draft.stepRetries).not.toHaveProperty('drain');
    const giveUp = madePlan(sampleInput(members, { onVerifyFailure: 'giveUp' })).draft;
    expect(giveUp.onVerifyFailure).toEqual({ then: 'giveUp' });
  });

  it('TRS-14 a version may be declared not to be rolled back', () => {
    expect(madePlan(sampleInput(members, { rollbackable: false })).draft.rollbackable).toBe(false);
    expect(madePlan(sampleInput(members, { rollbackable: true })).draft).not.toHaveProperty('rollbackable');
  });

  it('may fetch before the drain', () => {
    expect(madePlan(sampleInput(members, { prefetch: true })).draft.prefetch).toBe(true);
    expect(madePlan(sampleInput(members, { prefetch: false })).draft).not.toHaveProperty('prefetch');
  });

  it('a request that says nothing makes the plan that it always made', () => {
    const { draft } = madePlan(sampleInput(members));
    for (const field of ['stepRetries', 'onVerifyFailure', 'prefetch', 'rollbackable'])
      expect(draft).not.toHaveProperty(field);
    expect(draft.spec).not.toHaveProperty('deadlinesMs');
    expect(draft.attemptDeadlineMs).toBe(600_000);
  });

  it('deadlines of steps reach the agent, and the attempt outlasts all of them', () => {
    const deadlines = { drain: '1m', download: '10m', verify: '3m' };
    const { draft } = madePlan(sampleInput(members, { deadlines, startTimeout: '1m' }));
    expect(draft.spec.deadlinesMs).toEqual({ drain: 60_000, download: 600_000, verify: 180_000 });
    expect(draft.attemptDeadlineMs).toBe(840_000 + 2 * 60_000 + 5_000 + 120_000);
  });

  it('MOM-07 the attempt outlasts the hooks of the profile', () => {
    const hook = { command: ['./hook'], timeoutMs: 3_600_000 };
    const profile = {
      kind: 'process',
      command: ['./run'],
      stopGraceMs: 1_000,
      preStop: hook,
      postStart: hook,
    } as const;
    expect(madePlan(sampleInput(members, { profile })).draft.attemptDeadlineMs).toBe(600_000 + 7_200_000);
  });

  it('lists deadlines that make no sense', () => {
    const deadlines = { drain: '0s', download: '25h', install: '999999999d' };
    expect(faultsOf(sampleInput(members, { deadlines }))).toEqual([
      '/deadlines/drain TOO_SHORT',
      '/deadlines/download TOO_LONG',
      '/deadlines/install BAD_DURATION',
    ]);
  });

  it.each(['canary', 'rolling'] as const)('STR-09 refuses strategy %s where versions must not mix', (strategy) => {
    expect(faultsOf(sampleInput(members, { strategy, mixedVersions: 'forbidden' }))).toEqual([
      '/mixedVersions MIXED_VERSIONS',
    ]);
    expect(faultsOf(sampleInput(members, { strategy, mixedVersions: 'allowed' }))).toEqual([]);
  });

  it('TRS-11 manual batches are asked for by the request', () => {
    expect(madePlan(sampleInput(members, { mode: 'manual' })).draft.mode).toBe('manual');
    expect(madePlan(sampleInput(members)).draft.mode).toBe('automatic');
  });
});
