import { decodeCommit } from '@sluice/contracts';
import { describe, expect, it } from 'vitest';

import { ID } from './invariants/history.suite.js';
import { checkpointOf, codesOf, rewritten, type Stored, textOf, verify, withText, WrittenLog } from './log.suite.js';

const log = new WrittenLog().whole();
const { commits } = log;
const commitAt = (index: number): Stored => {
  const commit = commits[index];
  if (commit === undefined) throw new Error(`there is no commit ${index}`);
  return commit;
};
const execCommits = commits.filter(({ stream }) => stream.writer === 'exec');
const indexOf = (part: string): number => commits.findIndex((commit) => textOf(commit).includes(part));

describe('tampering', () => {
  const events = (part: string): number => {
    const index = indexOf(part);
    expect(index).toBeGreaterThan(0);
    return index;
  };

  it('finds a flipped byte, wherever it is', async () => {
    const last = new Set(
      ['exec', 'plan', 'group'].map((writer) => commits.findLastIndex(({ stream }) => stream.writer === writer)),
    );
    for (const [i, commit] of commits.entries()) {
      const at = (i * 37) % commit.bytes.length;
      const bytes = Buffer.from(commit.bytes);
      bytes[at] = (bytes[at] ?? 0) ^ 1;
      const report = await verify(commits.with(i, { ...commit, bytes }));
      // Nothing stands behind a stream's last commit that names its hash: a checkpoint does.
      expect(report.ok && !last.has(i), `byte ${at} of commit ${i}`).toBe(false);
      const signed = await verify(commits.with(i, { ...commit, bytes }), { checkpoints: [checkpointOf(commits)] });
      expect(codesOf(signed)).toContain('ROOT_MISMATCH');
    }
  });

  it('names the place of a flipped byte that leaves a commit readable', async () => {
    const at = events('"StagePassed"');
    const changed = withText(commitAt(at), (text) => text.replace('commit-', 'commit_'));
    const { findings } = await verify(commits.with(at, changed));
    const { rev } = decodeCommit(changed.bytes);
    expect(findings).toEqual([expect.objectContaining({ code: 'CHAIN_BROKEN', stream: `exec.${ID}`, rev: rev + 1 })]);
    expect(findings[0]?.words).toContain(`rev ${rev} or this one was changed`);
  });

  it('finds a removed commit, also the first of a stream', async () => {
    const gone = commits.toSpliced(events('"StagePassed"'), 1);
    const report = await verify(gone);
    expect(report.findings).toEqual([expect.objectContaining({ code: 'REV_GAP', stream: `exec.${ID}` })]);
    expect(report.unjudged).toEqual([ID]);
    const headless = await verify(commits.filter((commit) => commit !== execCommits[0]));
    expect(headless.findings[0]).toMatchObject({
      code: 'REV_GAP',
      words: 'rev 1 is missing: the stream begins with rev 2',
    });
  });

  it('finds a removed stream: its plan is missing', async () => {
    const report = await verify(commits.filter(({ stream }) => stream.writer !== 'plan'));
    expect(codesOf(report)).toEqual(['PLAN_MISSING']);
  });

  it('finds a cut tail by a checkpoint, and by nothing else', async () => {
    const cut = commits.slice(0, -3);
    expect((await verify(cut)).ok).toBe(true);
    const report = await verify(cut, { checkpoints: [checkpointOf(commits)] });
    expect(report.findings).toEqual([
      expect.objectContaining({ code: 'TAIL_CUT', words: expect.stringContaining('3 are gone') }),
    ]);
  });

  it('finds a reordered pair of a stream, of the log, and by its checkpoint', async () => {
    const [a, b] = [events('"StagePassed"'), events('"ApprovalRequested","data":{"approval":"batches"')];
    const [first, second] = [commitAt(a), commitAt(b)];
    const swapped = commits
      .with(a, { ...second, position: first.position })
      .with(b, { ...first, position: second.position });
    expect(codesOf(await verify(swapped))).toEqual(expect.arrayContaining(['REV_GAP', 'REV_BACK']));
    expect(codesOf(await verify(commits.with(a, second).with(b, first)))).toContain('POSITION_BACK');
    // Of two streams: no chain names the other, so only a checkpoint knows.
    const [i, j] = [commits.findIndex(({ stream }) => stream.writer === 'group'), 1];
    const [x, y] = [commitAt(i), commitAt(j)];
    const across = commits.with(i, { ...y, position: x.position }).with(j, { ...x, position: y.position });
    expect(codesOf(await verify(across, { checkpoints: [checkpointOf(commits)] }))).toContain('ROOT_MISMATCH');
  });

  it('finds a forged approval although its chain holds', async () => {
    const at = events('"ApprovalGranted"');
    const forged = rewritten(commits, at, (text) => text.replace('"id":"piet"', '"id":"paul"'));
    expect((await verify(forged)).ok).toBe(true);
    const old = checkpointOf(commits.slice(0, at));
    const report = await verify(forged, { checkpoints: [old, checkpointOf(commits)] });
    expect(report.findings).toEqual([
      expect.objectContaining({ code: 'ROOT_MISMATCH', words: expect.stringContaining(`behind the first ${at}`) }),
    ]);
    const own = await verify(rewritten(commits, at, (text) => text.replace('"id":"piet"', '"id":"rita"')));
    const { rev } = decodeCommit(commitAt(at).bytes);
    expect(own.findings).toEqual([
      {
        code: 'I13',
        stream: `exec.${ID}`,
        rev,
        position: at + 1,
        event: 0,
        words: expect.stringContaining('rita requested'),
      },
    ]);
    const plan = await verify(rewritten(commits, at, (text) => text.replace(/"planHash":"../, '"planHash":"00')));
    expect(codesOf(plan)).toEqual(['I13']);
  });

  it('finds a commit that stands in another stream, and a time that goes back', async () => {
    const at = events('"StagePassed"');
    const commit = commitAt(at);
    const elsewhere = { ...commit, stream: { ...commit.stream, writer: 'group' as const } };
    expect(codesOf(await verify(commits.with(at, elsewhere)))).toEqual(['MISPLACED']);
    const late = await verify(rewritten(commits, at, (text) => text.replace(/"at":\d+/, '"at":5')));
    expect(codesOf(late)).toEqual(['TIME_BACK']);
  });

  it('finds bytes that are no commit, and goes on', async () => {
    const at = events('"StagePassed"');
    const commit = commitAt(at);
    for (const bytes of [
      Buffer.from('{}'),
      Buffer.of(0xff, 0xfe),
      Buffer.alloc(0),
      Buffer.from(textOf(commit).slice(0, -9)),
    ]) {
      const report = await verify(commits.with(at, { ...commit, bytes }));
      expect(report.findings[0]).toMatchObject({ code: 'UNREADABLE', stream: `exec.${ID}`, position: at + 1 });
      expect(report.counts.commits).toBe(commits.length);
      expect((await verify(commits.with(at, { ...commit, bytes }), { events: false })).ok).toBe(false);
    }
    const newer = await verify(rewritten(commits, at, (text) => text.replace('"StagePassed"', '"StageTeleported"')));
    expect(newer.findings[0]).toMatchObject({ code: 'UNREADABLE', words: expect.stringContaining('upgrade Sluice') });
    const odd = await verify(
      rewritten(commits, events('"TargetsAdmitted"'), (text) => text.replace(/"targets":\{[^}]*\}/, '"targets":7')),
    );
    expect(odd.ok).toBe(false);
  });
});
