import { describe, expect, it } from 'vitest';

import { type BenchResult, isMet } from './benchmark.js';
import { runBrake } from './brake/brake.js';
import { runDesired } from './desired/desired.js';
import { runMany } from './many/many.js';
import { runRamp } from './ramp/ramp.js';
import { runReplay } from './replay/replay.js';
import { runScale } from './scale/scale.js';
import { tableOf } from './table.js';
import { runVerify } from './verify/verify.js';

const BOUND = { timeout: 120_000 };
const say = (): void => undefined;

/** Figures of so small sizes say nothing; that every contender did its work and is compared is what counts. */
function expectComplete(result: BenchResult): void {
  for (const name of ['product', 'limit', 'peer']) expect(result.rows.map((row) => row.name)).toContain(name);
  expect(result.ratios.length).toBeGreaterThan(0);
  for (const { value } of result.ratios) expect(value).toSatisfy(Number.isFinite);
  expect(tableOf(result)).toContain(`${result.benchmark}: `);
}

const ratioNamed = (result: BenchResult, part: string): BenchResult['ratios'][number] | undefined =>
  result.ratios.find(({ name }) => name.includes(part));

describe('benchmarks in small', () => {
  it('scale: all targets are done at both sizes, and a target takes little memory', BOUND, async () => {
    const result = await runScale({ small: 50, rounds: 1, say });
    expectComplete(result);
    expect(result.details['fleet']).toMatchObject({ refused: 0 });
  });

  it('replay: every rollout and every event is there again', BOUND, async () => {
    expectComplete(await runReplay({ events: 5_000, rounds: 1, say }));
  });

  it('verify: every event and every commit is looked at', BOUND, async () => {
    const result = await runVerify({
      events: 5_000,
      rounds: 1,
      sharedFrom: 1,
      contenders: ['sha256', 'tree', 'all', 'file'],
      say,
    });
    expectComplete(result);
    expect(ratioNamed(result, 'MiB')?.value).toBeGreaterThan(0);
  });

  it('brake: each deciding failure brakes, and nothing is admitted after it', BOUND, async () => {
    const result = await runBrake({ brakes: 3, perSecond: 2_000, warmUps: 0, say });
    expectComplete(result);
    const admissions = ratioNamed(result, 'admissions');
    expect(admissions && isMet(admissions), JSON.stringify(admissions)).toBe(true);
  });

  it('many: rollouts are open at once and each is read', BOUND, async () => {
    const result = await runMany({ few: 5, say });
    expectComplete(result);
    expect(ratioNamed(result, 'MiB')?.value).toBeGreaterThan(0);
  });

  it('desired-state: every host has an answer, at full speed and at the pace of a fleet', BOUND, async () => {
    const small = { hosts: 1_000, rounds: 1, roundMs: 200, pacedMs: 500 };
    const result = await runDesired({ ...small, say });
    expectComplete(result);
    for (const { rounds } of result.rows.slice(0, 6)) expect(rounds[0]).toBeGreaterThan(0);
    expect(ratioNamed(result, 'p99')?.value).toBeGreaterThan(0);
  });

  it('ramp: a tick and a host are measured at each size', BOUND, async () => {
    const { rows, ratios } = await runRamp({ sizes: [100, 1_000], rounds: 1, say });
    expect(rows.map(({ name }) => name)).toEqual(['100 hosts', '1000 hosts', 'peer']);
    for (const { value } of ratios) expect(value).toBeGreaterThan(0);
  });
});
