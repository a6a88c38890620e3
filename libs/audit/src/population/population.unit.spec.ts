import { readdirSync, readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';

import { decodeCommit, sha256 } from '@sluice/contracts';
import { hashLeaf } from '@sluice/proof';
import { describe, expect, it } from 'vitest';

import { exportedFrom } from '../export-lines.js';
import { checkpointOf, sourceOf, type Stored, WrittenLog } from '../log.suite.js';
import type { AuditedCommit, CommitSource } from '../source.js';
import { drawn, PopulationCensus } from './census.js';
import { populationCsv, populationOf } from './population.js';
import { withStoredRows } from './pruned-since.js';

/** Rollouts of one group, refused requests between them, at times that grow. */
function written(rollouts: number): readonly Stored[] {
  const log = new WrittenLog();
  for (let i = 0; i < rollouts; i += 1) {
    log.at += 7_919 * (i + 1);
    if (i % 3 === 1)
      log.write('plan', `r06-REFUSED${String(i).padStart(19, '0')}`, [
        { type: 'RequestRefused', requestId: `q${i}`, faults: [], documentHash: '', app: '=shop', group: 'g' },
      ]);
    if (i > 0) log.another();
    if (i % 4 === 3) log.planned();
    else log.whole();
  }
  return log.commits;
}

/** What a prune of these leaves of it. */
async function* prunedFrom(commits: readonly Stored[], gone: ReadonlySet<string>): CommitSource {
  await Promise.resolve();
  for (const commit of commits) {
    const { stream, rev, at, prev } = decodeCommit(commit.bytes);
    const kept = { stream, rev, at, prev, sha256: sha256(commit.bytes), leaf: hashLeaf(commit.bytes) };
    yield gone.has(commit.stream.id) ? { ...commit, bytes: new Uint8Array(), pruned: kept } : commit;
  }
}

/** The same question, asked of the commits one by one. */
const expectedIn = (commits: readonly AuditedCommit[], since: number, until: number): readonly string[] =>
  commits.flatMap(({ bytes }) => {
    const { at, stream, events } = decodeCommit(bytes);
    const isPlanned = events.some(({ type }) => type === 'RolloutPlanned' || type === 'RequestRefused');
    return isPlanned && at >= since && at < until ? [stream.slice(5)] : [];
  });

const GOLDEN = new URL('../../fixtures/0.1.0/', import.meta.url);

describe('the population of a period', () => {
  const commits = written(11);
  const times = commits.map(({ bytes }) => decodeCommit(bytes).at);

  it('misses none, whatever the period', () => {
    for (let i = 0; i < times.length; i += 67) {
      for (let j = i; j < times.length; j += 41) {
        const [since, until] = [times[i] ?? 0, (times[j] ?? 0) + (j % 2)];
        const census = new PopulationCensus({ since, until });
        for (const [entry, commit] of commits.entries()) census.add(commit, entry);
        expect(census.items().map(({ id }) => id)).toEqual(expectedIn(commits, since, until));
      }
    }
  });

  it.each(readdirSync(GOLDEN).filter((name) => /^[\w-]+\.jsonl\.gz$/.test(name)))('misses none of %s', async (name) => {
    const golden: AuditedCommit[] = [];
    for await (const commit of exportedFrom(gunzipSync(readFileSync(new URL(name, GOLDEN))))) golden.push(commit);
    const { items, coverage } = await populationOf(sourceOf(golden), {});
    expect(items.map(({ id }) => id)).toEqual(expectedIn(golden, 0, Infinity));
    expect(coverage.commits).toBe(golden.length);
  });

  it('says who, what, by whom approved, and what became of it', async () => {
    const { items, totals, coverage } = await populationOf(sourceOf(commits), { checkpoint: checkpointOf(commits) });
    expect(items[0]).toMatchObject({
      ...{ kind: 'rollout', requestedBy: 'user:rita', state: 'succeeded', targets: 6 },
      approvedBy: ['canary: user:piet', 'batches: user:piet'],
    });
    expect(totals).toEqual({ rollouts: 11, refused: 4, pruned: 0, states: { succeeded: 9, planned: 2, refused: 4 } });
    expect(coverage).toMatchObject({ commits: commits.length, firstPosition: 1, lastPosition: commits.length });
    const csv = [...populationCsv(await populationOf(sourceOf(commits), {}))];
    expect(csv[0]).toContain('kind,id,planned');
    expect(csv.filter((line) => line.includes(`,'=shop,`))).toHaveLength(4);
  });

  it('is of the log as it was at its checkpoint, so that it is the same tomorrow', async () => {
    const half = commits.slice(0, Math.floor(commits.length / 2));
    const checkpoint = checkpointOf(half);
    const then = await populationOf(sourceOf(half), { checkpoint });
    expect(await populationOf(sourceOf(commits), { checkpoint })).toEqual(then);
  });

  it('is refused where one commit is missing, whichever, and where the log is another', async () => {
    const checkpoint = checkpointOf(commits);
    for (let i = 0; i < commits.length - 1; i += 97) {
      const without = commits.toSpliced(i, 1);
      await expect(populationOf(sourceOf(without), { checkpoint })).rejects.toMatchObject({ code: 'INCOMPLETE' });
      await expect(populationOf(sourceOf(without), {})).rejects.toMatchObject({ code: 'INCOMPLETE' });
    }
    const cut = commits.slice(0, -1);
    await expect(populationOf(sourceOf(cut), { checkpoint })).rejects.toMatchObject({ code: 'INCOMPLETE' });
    const other = new WrittenLog().whole('pia').commits;
    const bigger = [...commits.slice(0, -other.length), ...other];
    await expect(populationOf(sourceOf(bigger), { checkpoint })).rejects.toMatchObject({ code: 'INCOMPLETE' });
  });

  it('of before a prune is taken as it was stored where place and hash agree, and what rests on that is counted', async () => {
    const checkpoint = checkpointOf(commits);
    const then = await populationOf(sourceOf(commits), { checkpoint });
    const gone = new Set([0, 1, 2].map((i) => then.items[i]?.id ?? ''));
    const now = await populationOf(prunedFrom(commits, gone), { checkpoint });
    expect(now.totals.pruned).toBe(3);
    expect(withStoredRows(now, then.items)).toEqual({ population: then, onStoredText: 3 });
    expect(withStoredRows(now, now.items)).toEqual({ population: now, onStoredText: 0 });
    expect(withStoredRows(now, [])).toEqual({ population: now, onStoredText: 0 });
    const [first] = then.items;
    for (const forged of [
      ...[{ commit: '0'.repeat(64) }, { position: 1_000_000 }, { planned: '2026-01-01T00:00:00Z' }, { entry: 3 }],
      ...[{ kind: 'other' }, { targets: '6' }, { more: 1 }, { approvedBy: [1] }, { approvedBy: '' }],
    ])
      expect(withStoredRows(now, [{ ...first, ...forged }]).population.items[0]?.kind).toBe('pruned');
    // A row of what is still there is never taken as it is stored.
    const [last] = then.items.slice(-1);
    expect(withStoredRows(now, [{ ...last, version: '9' }])).toEqual({ population: now, onStoredText: 0 });
  });

  it('draws a sample by the root of the log', async () => {
    const { items, coverage } = await populationOf(sourceOf(commits), {});
    const sample = drawn(coverage.root, items, 3);
    expect(sample).toHaveLength(3);
    expect(drawn(coverage.root, items.toReversed(), 3)).toEqual(sample);
    expect(drawn('another root', items, items.length)).not.toEqual(drawn(coverage.root, items, items.length));
  });
});
