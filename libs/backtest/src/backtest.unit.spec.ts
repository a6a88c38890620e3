import { readdirSync, readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';

import { exportedFrom } from '@sluice/audit';
import { decodeCommit } from '@sluice/contracts';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { backtest, type BacktestReport, EVERYTHING, LIVE_POLICY, parsePolicy } from './index.js';
import { PastLog, PastRollout, type Shape } from './history.suite.js';
import type { CandidatePolicy } from './policy/policy.js';

const TEN: Shape = { group: 'web', batches: [10, 10, 10, 10], percent: 25 };

function policy(text: unknown): CandidatePolicy {
  const parsed = parsePolicy(text, 'candidate');
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.faults));
  return parsed.policy;
}

const tried = (log: PastLog, document: unknown, options = {}): Promise<BacktestReport> =>
  backtest(log.source(), policy(document), options);

describe('golden histories', () => {
  const FOLDER = new URL('../../audit/fixtures/0.1.0/', import.meta.url);
  const names = readdirSync(FOLDER).filter((name) => !name.includes('.states.'));

  it.each(names)('%s: the plans’ own numbers do what was done', async (name) => {
    const bytes = gunzipSync(readFileSync(new URL(name, FOLDER)));
    for await (const { bytes: commit } of exportedFrom(bytes)) {
      const { events } = decodeCommit(commit);
      for (const event of events) {
        if (event.type !== 'RolloutPlanned') continue;
        const { budget, group, gateSpecs = [] } = event.plan;
        const own = {
          applies: { group },
          brake: {
            failureLimit: `${budget.failureThresholdPercent}%`,
            extraFailures: budget.extraFailures,
            minServing: budget.minServing,
          },
          gates: gateSpecs.map(({ name, at, onFail, limits, measure: { kind } }) => ({
            ...{ name, at, onFail, limits, measure: { kind } },
          })),
        };
        const report = await backtest(exportedFrom(bytes), policy(own));
        const { rolloutId } = event.plan;
        expect(report.changed.filter(({ rollout }) => rollout === rolloutId)).toEqual([]);
      }
    }
  });
});

describe('a brake', () => {
  it('that is stricter stops at exactly the event that reaches it, and spares what was touched after', async () => {
    const log = new PastLog();
    // A = 10, T = 10: 3, 12 and 21 fail, and the rollout goes through to its end.
    const { id, state } = new PastRollout(log, TEN).play(new Set([3, 12, 21]));
    expect(state.status).toBe('failed');
    const { changed, outcomes, spared } = await tried(log, { brake: { failureLimit: 2 } });
    expect(outcomes).toEqual({ same: 0, stops: 1, goesOn: 0, unknown: 0 });
    const [found] = changed;
    const second = log.commits.findIndex(({ bytes }) =>
      decodeCommit(bytes).events.some((e) => e.type === 'StepFailed' && e.target === 12),
    );
    const commit = decodeCommit(log.commits[second]?.bytes ?? new Uint8Array());
    expect(found?.divergence).toMatchObject({
      kind: 'stops',
      at: { stream: `exec.${id}`, rev: commit.rev, position: second + 1, at: commit.at },
      because: expect.stringMatching(
        /^lost 2 - written off 0 = 2 >= limit 2 = min\(A 10, T 2\) of 40 members/,
      ) as string,
    });
    const after = log.commits.slice(second).flatMap(({ bytes }) => decodeCommit(bytes).events);
    const touched = after.flatMap((event) => (event.type === 'TargetsAdmitted' ? event.targets : [])).length;
    expect(found?.spared).toEqual({ targets: touched, ms: log.now - commit.at });
    expect(spared).toEqual({ rollouts: 1, targets: touched, ms: found?.spared?.ms });
    expect(touched).toBeGreaterThan(10);
  });

  it('that is laxer goes on where the live one stopped, and beyond that nothing is said', async () => {
    const log = new PastLog();
    new PastRollout(log, { ...TEN, budget: { failureLimit: 2, failureThresholdPercent: 5 } }).play(new Set([3, 4, 21]));
    const { changed, outcomes, spared } = await tried(log, { brake: { failureLimit: '20%' } });
    expect(outcomes).toEqual({ same: 0, stops: 0, goesOn: 1, unknown: 0 });
    expect(changed[0]).toMatchObject({ outcome: 'goesOn', stops: 'unknown' });
    expect(changed[0]?.spared).toBeUndefined();
    expect(changed[0]?.divergence?.because).toContain(
      'this one: lost 2 - written off 0 = 2 < limit 8 = min(A 10, T 8)',
    );
    expect(spared).toEqual({ rollouts: 0, targets: 0, ms: 0 });
  });

  it('that would take out more or fewer at once leads elsewhere, which is unknown', async () => {
    const log = new PastLog();
    new PastRollout(log, TEN).play(new Set());
    const [fewer, more] = [
      await tried(log, { brake: { maxUnavailable: 4 } }),
      await tried(log, { brake: { maxUnavailable: '50%' } }),
    ];
    expect(fewer.changed[0]?.divergence).toMatchObject({
      kind: 'unknown',
      because: 'it would admit 4 of these 10 targets here',
    });
    // A batch has ten, and ten may be out: there was never anything more to admit.
    expect(more.outcomes.same).toBe(1);
  });

  it('stops with nothing admitted when the floor of serving members leaves no room', async () => {
    const log = new PastLog();
    new PastRollout(log, TEN).play(new Set());
    const { changed } = await tried(log, { brake: { minServing: 40 } });
    expect(changed[0]).toMatchObject({ stops: true, spared: { targets: 40 } });
  });

  it('is the live one for a rollback, which no brake holds', async () => {
    const log = new PastLog();
    new PastRollout(log, { ...TEN, strategy: 'rollback' }).play(new Set([1, 2, 3]));
    const { counts } = await tried(log, { brake: { failureLimit: 1 } });
    expect([counts.rollouts, counts.rollbacks]).toEqual([0, 1]);
  });

  it('counts what an operator took on, on top of its own', async () => {
    const log = new PastLog();
    const past = new PastRollout(log, { ...TEN, budget: { failureLimit: 2, failureThresholdPercent: 5 } }).play(
      new Set([3, 4]),
    );
    expect(past.state.status).toBe('braked');
    past.command({ type: 'override', extraFailures: 2 });
    past.play(new Set([22]));
    // Both stop at the second failure; the third is within what was taken on for the live one, and not for one of three.
    expect((await tried(log, { brake: { failureLimit: 2 } })).outcomes.same).toBe(1);
    expect((await tried(log, { brake: { failureLimit: 1 } })).changed[0]).toMatchObject({
      outcome: 'stops',
      stops: true,
    });
  });

  it('never stops later when it is stricter, and is the live one with the live numbers', async () => {
    const shape = fc.record({
      sizes: fc.array(fc.integer({ min: 1, max: 8 }), { minLength: 1, maxLength: 5 }),
      percent: fc.integer({ min: 5, max: 60 }),
      bad: fc.uniqueArray(fc.integer({ min: 0, max: 39 }), { maxLength: 12 }),
      canaries: fc.integer({ min: 0, max: 2 }),
    });
    await fc.assert(
      fc.asyncProperty(shape, async ({ sizes, percent, bad, canaries }) => {
        const log = new PastLog();
        const past = new PastRollout(log, { group: 'web', batches: sizes, percent, canaries }).play(new Set(bad));
        const own = past.state.failureLimit;
        expect((await backtest(log.source(), LIVE_POLICY)).outcomes.same).toBe(1);
        expect((await tried(log, { brake: { failureLimit: own } })).outcomes.same).toBe(1);
        let last = -1;
        for (let limit = 1; limit <= own; limit += 1) {
          const [found] = (await tried(log, { brake: { failureLimit: limit } })).changed;
          const stop = found?.divergence?.at?.position ?? Number.POSITIVE_INFINITY;
          expect(found === undefined || found.outcome === 'stops').toBe(true);
          expect(stop).toBeGreaterThanOrEqual(last);
          last = stop;
        }
      }),
      { numRuns: 40 },
    );
  });
});

describe('labels', () => {
  async function labelled(): Promise<BacktestReport> {
    const log = new PastLog();
    const [a, b, c] = [new Set([3, 12, 21]), new Set([1]), new Set<number>()].map(
      (bad, i) => new PastRollout(log, { ...TEN, group: `g${i}` }).play(bad).id,
    );
    log.label(a ?? '', 'good');
    log.label(b ?? '', 'good');
    log.label(a ?? '', 'bad');
    log.label('r00-00000000000000000000000000', 'bad');
    expect(c).toBeDefined();
    return tried(log, { brake: { failureLimit: 2 } });
  }

  it('decide what was right; the last one counts, and what has none counts for nothing', async () => {
    const { labels, live, candidate } = await labelled();
    expect(labels).toEqual({ good: 1, bad: 1, inferred: 0, unlabelled: 1 });
    expect(live).toMatchObject({ caught: 0, missed: 1, falseAlarms: 0, passed: 1, recall: { count: 0, of: 1 } });
    expect(candidate).toMatchObject({ caught: 1, missed: 0, falseAlarms: 0, passed: 1, precision: { value: 1 } });
    expect(live.precision).toBeUndefined();
  });

  it('are inferred only when that is asked for, and are named so', async () => {
    const log = new PastLog();
    new PastRollout(log, TEN).play(new Set([3, 12, 21]));
    new PastRollout(log, { ...TEN, group: 'other' }).play(new Set());
    const report = await tried(log, { brake: { failureLimit: 2 } }, { infer: true });
    expect(report.labels).toEqual({ good: 1, bad: 1, inferred: 2, unlabelled: 0 });
    expect(report.changed[0]).toMatchObject({ label: 'bad', inferred: true });
  });
});

describe('rollouts', () => {
  it('of another app, another group or another time are left out', async () => {
    const log = new PastLog();
    const first = log.now;
    new PastRollout(log, { ...TEN, group: 'a' }).play(new Set([1, 2]));
    const second = log.now;
    new PastRollout(log, { ...TEN, group: 'b', app: 'shop' }).play(new Set([1, 2]));
    const brake = { failureLimit: 1 };
    const count = async (document: object, options: object = {}): Promise<number> =>
      (await tried(log, { brake, ...document }, options)).counts.rollouts;
    expect(await count({})).toBe(2);
    expect(await count({ applies: { app: 'shop' } })).toBe(1);
    expect(await count({ applies: { group: ['a', 'c'] } })).toBe(1);
    expect(await count({ applies: { environment: 'test' } })).toBe(0);
    expect([
      await count({}, { since: second }),
      await count({}, { until: second }),
      await count({}, { until: first }),
    ]).toEqual([1, 1, 0]);
    expect(policy({ brake }).applies).toEqual(EVERYTHING);
  });

  it('of which a commit is missing are unknown from there on', async () => {
    const log = new PastLog();
    new PastRollout(log, TEN).play(new Set([3, 12, 21]));
    log.commits.splice(4, 1);
    const { changed, outcomes } = await tried(log, { brake: { failureLimit: 2 } });
    expect(outcomes).toEqual({ same: 0, stops: 0, goesOn: 0, unknown: 1 });
    expect(changed[0]?.divergence?.because).toContain('rev 4 is missing before rev 5');
  });

  it('whose plan is elsewhere are told, and not tried', async () => {
    const log = new PastLog();
    new PastRollout(log, TEN).play(new Set());
    log.commits.shift();
    const { counts } = await tried(log, { brake: { failureLimit: 1 } });
    expect([counts.rollouts, counts.withoutPlan]).toEqual([0, 1]);
  });
});
