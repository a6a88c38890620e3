import { type CommitToEncode, decodeCommit, encodeCommit, groupStreamId, streamKey } from '@sluice/contracts';
import { parseVerifierKey, verifyTlogProof } from '@sluice/proof';
import { describe, expect, it } from 'vitest';

import { exportedFrom } from './export-lines.js';
import { deadline, GROUP, ID } from './invariants/history.suite.js';
import {
  checkpointOf,
  codesOf,
  keys,
  signedBy,
  sourceOf,
  type Stored,
  textOf,
  verify,
  WrittenLog,
} from './log.suite.js';
import { proveCommit } from './prove.js';
import type { AuditReport } from './report.js';
import { inLogOrder } from './source.js';
import { verifyLog } from './verify.js';
import { reportWords } from './words.js';

const { commits } = new WrittenLog().whole();
const commitAt = (index: number): Stored => {
  const commit = commits[index];
  if (commit === undefined) throw new Error(`there is no commit ${index}`);
  return commit;
};

describe('a log that nobody touched', () => {
  it('is ok, with what was read', async () => {
    const report = await verify(commits, { checkpoints: [checkpointOf(commits), checkpointOf(commits.slice(0, 7))] });
    expect(report.findings).toEqual([]);
    expect(report).toMatchObject({
      ok: true,
      open: 0,
      more: 0,
      unjudged: [],
      checkpoints: { given: 2, held: 2 },
      counts: { streams: 3, commits: commits.length, rollouts: 1 },
      position: commits.length,
    });
    expect(report.counts.bytes).toBe(commits.reduce((sum, { bytes }) => sum + bytes.length, 0));
    expect(reportWords(report)[0]).toBe('ok: nothing was found');
  });

  it('is read by its chains alone as well, and when it is empty', async () => {
    expect(await verify(commits, { events: false })).toMatchObject({ ok: true, counts: { streams: 3, events: 0 } });
    expect(await verify([], { checkpoints: [checkpointOf([])] })).toMatchObject({ ok: true, position: 0 });
  });

  it('is the same as an export, and put together from parts that overlap', async () => {
    const lines = commits.map((commit) => `{"position":${commit.position},"commit":${textOf(commit)}}\n`).join('');
    expect(await verifyLog(exportedFrom(Buffer.from(lines)), { checkpoints: [checkpointOf(commits)] })).toMatchObject({
      ok: true,
      counts: { commits: commits.length },
    });
    const parts = [commits.filter((_, i) => i % 2 === 0), commits.slice(0, 9), commits.filter((_, i) => i % 2 === 1)];
    const report = await verifyLog(inLogOrder(parts.map(sourceOf)), { checkpoints: [checkpointOf(commits)] });
    expect(report).toMatchObject({ ok: true, counts: { commits: commits.length } });
  });
});

describe('the invariants', () => {
  const added = async (build: (written: WrittenLog) => unknown): Promise<AuditReport> => {
    const written = new WrittenLog();
    build(written);
    return verify(written.commits);
  };

  it('I6 nothing is admitted behind a brake until a release', async () => {
    const braked = (written: WrittenLog): WrittenLog =>
      written
        .started()
        .admit(0)
        .exec(
          { type: 'StepFailed', target: 0, step: 'drain', n: 1, ms: 1, code: 'X', message: '', serving: false },
          { type: 'RolloutBraked', cause: { kind: 'canary', words: 'the canary failed', numbers: {} } },
        );
    expect((await added(braked)).findings).toEqual([]);
    const report = await added((written) => braked(written).admit(1));
    expect(report.findings.find(({ code }) => code === 'I6')).toMatchObject({
      stream: `exec.${ID}`,
      event: 0,
      words: expect.stringContaining('while the rollout was braked'),
    });
  });

  it('an end is final', async () => {
    const report = await added((written) => written.whole().exec({ type: 'RolloutPaused', reason: 'too late' }));
    expect(codesOf(report)).toContain('TERMINAL');
  });

  it('names the event in its commit', async () => {
    const report = await added((written) =>
      written
        .started()
        .exec(
          { type: 'TargetsAdmitted', run: 'roll', targets: [0], deadline },
          { type: 'StepSucceeded', target: 0, step: 'install', n: 1, ms: 1 },
        ),
    );
    expect(report.findings[0]).toMatchObject({ code: 'I3', event: 1, rev: 2 });
    expect(reportWords(report).join('\n')).toMatch(/I3 \[exec\..*, rev 2, event 1, position 5\]/);
  });

  it('I2, I10 a group may begin at its checkpoint, which must be what its events come to', async () => {
    const group = groupStreamId(GROUP);
    const checkpoint = (active?: string) => ({
      type: 'GroupCheckpointed' as const,
      token: 1,
      ...(active === undefined ? {} : { active }),
      history: [],
      blocked: [],
      excluded: [{ host: 'z', reason: '' }],
      dropped: [],
      blockedFor: [],
    });
    const whole = new WrittenLog()
      .group({ type: 'HostExcluded', host: 'z', reason: '' })
      .planned()
      .group({ type: 'LeaseGranted', rolloutId: ID, token: 1 }, checkpoint(ID))
      .exec({ type: 'RolloutStarted', token: 1 });
    expect((await verify(whole.commits)).findings).toEqual([]);
    const rest = whole.commits.filter(({ stream, bytes }) => stream.id !== group || decodeCommit(bytes).rev > 1);
    expect(await verify(rest)).toMatchObject({ findings: [], begunAtCheckpoint: 1 });
    const wrong = await added((written) =>
      written.group({ type: 'HostExcluded', host: 'z', reason: '' }, checkpoint('r')),
    );
    expect(codesOf(wrong)).toEqual(['I10']);
  });

  it('keeps nothing of a rollout that is over once its group has gone on', async () => {
    const four = (written: WrittenLog): WrittenLog =>
      written.whole().another().whole().another().whole().another().whole().another().started();
    expect(await added(four)).toMatchObject({ findings: [], open: 1, counts: { rollouts: 5 } });
    const report = await added((written) => four(written).write('exec', ID, [{ type: 'RolloutPaused', reason: '' }]));
    expect(report.findings).toEqual([
      expect.objectContaining({ code: 'TERMINAL', words: expect.stringContaining('has gone on') }),
    ]);
  });
});

describe('a proof', () => {
  it('of one commit is checked by whoever has only the public key', async () => {
    const note = signedBy(commits.slice(0, 20));
    const proof = await proveCommit(() => sourceOf(commits), 8, note);
    const { entry, index, checkpoint } = verifyTlogProof(proof, [parseVerifierKey(keys.verifier)]);
    expect(index).toBe(7);
    expect(entry.equals(Buffer.from(commitAt(7).bytes))).toBe(true);
    expect(decodeCommit(entry).stream).toBe(streamKey(commitAt(7).stream));
    expect(checkpoint.size).toBe(20);
    await expect(proveCommit(() => sourceOf(commits), 21, note)).rejects.toMatchObject({ code: 'NOT_IN_CHECKPOINT' });
    await expect(proveCommit(() => sourceOf(commits), 999, note)).rejects.toMatchObject({ code: 'NOT_IN_LOG' });
    await expect(proveCommit(() => sourceOf(commits.slice(0, 9)), 8, note)).rejects.toMatchObject({
      code: 'BAD_PROOF',
    });
  });
});

describe('an export', () => {
  const read = (text: string): Promise<AuditReport> => verifyLog(exportedFrom(Buffer.from(text)));

  it('that was cut off or is none is said to be so', async () => {
    const line = `{"position":1,"commit":${textOf(commitAt(0))}}\n`;
    expect((await read(line)).ok).toBe(true);
    for (const [text, words] of [
      [line.slice(0, -1), 'cut off'],
      ['hello\n', 'line 1'],
      [`${line}[]\n`, 'line 2'],
      [`${'x'.repeat(1024 * 1024)}y`, 'longer than'],
    ] as const)
      expect((await read(text)).findings).toEqual([
        expect.objectContaining({ code: 'SOURCE_BROKEN', words: expect.stringContaining(words) }),
      ]);
  });

  it('keeps what is no text in base64', async () => {
    const bytes = Buffer.from(commitAt(0).bytes).toString('base64');
    expect(await read(`{"position":1,"bytes":"${bytes}"}\n`)).toMatchObject({ ok: true, counts: { commits: 1 } });
  });
});

/** The rest of a log's findings is counted. */
it('keeps a thousand findings and counts the others', async () => {
  const encoded = (rev: number): CommitToEncode => ({
    id: String(rev),
    stream: { shard: '00', writer: 'notice', id: 'r00-0000000000000000000000000A' },
    rev,
    at: 1,
    prev: '',
    events: [
      { event: { type: 'NoticeDelivered' } as never, meta: { by: { id: 'n', kind: 'service' }, cause: '', corr: '' } },
    ],
  });
  const many = Array.from({ length: 1_500 }, (_, i) => encoded(2 * i + 1));
  const report = await verifyLog(
    sourceOf(many.map((commit, i) => ({ position: i + 1, bytes: encodeCommit(commit), stream: commit.stream }))),
  );
  expect(report.findings).toHaveLength(1_000);
  expect(report.more).toBe(499);
  expect(reportWords(report)).toContain('and 499 more');
});
