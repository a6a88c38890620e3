import { shardOfGroup } from '@sluice/contracts';
import { SluiceError } from '@sluice/kernel';
import { describe, expect, it } from 'vitest';

import { GROUP } from './invariants/history.suite.js';
import {
  checkpointOf,
  codesOf,
  interleaved,
  sourceOf,
  type Stored,
  textOf,
  withText,
  WrittenLog,
} from './log.suite.js';
import type { AuditReport, VerifyOptions } from './report.js';
import { verifyLog } from './verify.js';

const OTHER = ['search', 'mail', 'cart', 'pay'].find((name) => laneOf(name) !== laneOf(GROUP)) ?? '';
function laneOf(group: string): number {
  return Number(shardOfGroup(group)) % 2;
}

const commits = interleaved(new WrittenLog().whole().commits, new WrittenLog(OTHER).whole().commits);
const signed = checkpointOf(commits);

/** All but how long it took. */
const told = ({ ms: _, bytesPerSecond: __, ...rest }: AuditReport) => rest;
const shared = { threads: 2, sharedFrom: 1 } as const;

/** What one thread says, after two have said the same. */
async function verified(log: readonly Stored[], options: VerifyOptions = {}): Promise<AuditReport> {
  const one = await verifyLog(sourceOf(log), { ...options, threads: 1 });
  expect(told(await verifyLog(sourceOf(log), { ...options, ...shared }))).toEqual(told(one));
  return one;
}

const indexOf = (part: string): number => commits.findIndex((commit) => textOf(commit).includes(part));
const commitAt = (index: number): Stored => {
  const commit = commits[index];
  if (commit === undefined) throw new Error(`there is no commit ${index}`);
  return commit;
};

describe('a log that two threads share', { timeout: 120_000 }, () => {
  it('is ok, with what was read', async () => {
    const report = await verified(commits, { checkpoints: [signed, checkpointOf(commits.slice(0, 9))] });
    expect(report).toMatchObject({ ok: true, open: 0, counts: { rollouts: 2, streams: 6, commits: commits.length } });
    expect(report.checkpoints).toEqual({ given: 2, held: 2 });
  });

  it('has its leaves hashed in both, too', async () => {
    // Long enough that the other thread gets its share.
    const many = Array.from({ length: 300 }, () => commits).flat();
    const options = { checkpoints: [signed], events: false } as const;
    const { counts, tree } = await verified(many, options);
    expect(counts.commits).toBe(many.length);
    expect(tree?.size).toBe(many.length);
  });

  it('is told by both with the same findings in the same order', async () => {
    const [a, b] = [indexOf('"StagePassed"'), indexOf('"RolloutSucceeded"')];
    const changed = withText(commitAt(a), (text) => text.replace('commit-', 'commit_'));
    const unreadable = { ...commitAt(b), bytes: Buffer.from('{}') };
    const broken = commits
      .with(a, changed)
      .with(b, unreadable)
      .toSpliced(a + 6, 1);
    const report = await verified(broken, { checkpoints: [signed] });
    expect(codesOf(report)).toEqual(expect.arrayContaining(['CHAIN_BROKEN', 'UNREADABLE', 'REV_GAP', 'TAIL_CUT']));
    expect(report.unjudged.length).toBeGreaterThan(0);
  });

  it('says of a commit that it says two things', async () => {
    const at = indexOf('"StagePassed"');
    const forged = withText(
      commitAt(at),
      (text) => `${text.slice(0, -1)},"stream":"exec.r00-0000000000000000000000000A"}`,
    );
    const report = await verified(commits.with(at, forged));
    expect(report.findings).toContainEqual(
      expect.objectContaining({ code: 'UNREADABLE', words: expect.stringContaining('two things') }),
    );
  });

  it('is read as far as the source goes', async () => {
    async function* broken() {
      yield* commits.slice(0, 9);
      throw new SluiceError('ARCHIVE_DAMAGED', 'a segment is damaged');
    }
    const report = await verifyLog(broken(), shared);
    expect(codesOf(report)).toEqual(['SOURCE_BROKEN']);
  });
});
