import { readdirSync, readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';

import { decodeCommit } from '@sluice/contracts';
import { hashLeaf, proveInclusion } from '@sluice/proof';
import { describe, expect, it } from 'vitest';

import { exportedFrom } from '../export-lines.js';
import type { AuditedCommit } from '../source.js';
import { RecordBuilder } from './builder.js';
import { recordCommitOf } from './commit.js';
import { recordMarkdown } from './markdown.js';
import { referencesIn, timeOfId } from './moments.js';
import { ProofsOfMany } from './proofs.js';

const GOLDEN = new URL('../../fixtures/0.1.0/', import.meta.url);
const histories = readdirSync(GOLDEN).filter((name) => name.endsWith('.jsonl.gz') && !name.includes('.states.'));

async function commitsIn(name: string): Promise<readonly AuditedCommit[]> {
  const commits: AuditedCommit[] = [];
  for await (const commit of exportedFrom(gunzipSync(readFileSync(new URL(name, GOLDEN))))) commits.push(commit);
  return commits;
}

function builtFrom(commits: readonly AuditedCommit[], rollout: string) {
  const builder = new RecordBuilder(rollout);
  for (const commit of commits) builder.add(recordCommitOf(commit));
  return builder.finish();
}

const rolloutsIn = (commits: readonly AuditedCommit[]): readonly string[] =>
  commits.flatMap(({ bytes }) =>
    decodeCommit(bytes).events.flatMap((event) => (event.type === 'RolloutPlanned' ? [event.plan.rolloutId] : [])),
  );

describe('the change record of a golden history', () => {
  it.each(histories)('%s has every target once, and evidence that stands in the log', async (name) => {
    const commits = await commitsIn(name);
    const rollouts = rolloutsIn(commits);
    for (const rollout of rollouts) {
      const { record, targets, targetLines } = builtFrom(commits, rollout);
      const outcomes = [...targets()];
      expect(outcomes.map(({ target }) => target)).toEqual(outcomes.map((_, i) => i));
      expect(new Set(outcomes.map(({ host }) => host)).size).toBe(outcomes.length);
      expect(outcomes.length).toBeGreaterThanOrEqual(record.change.targets);
      expect([...targetLines()]).toHaveLength(record.outcome.targets.lines);
      const known = new Set(record.commits.map(({ position, sha256 }) => `${position} ${sha256}`));
      const said = [...record.approvals, ...record.commands, ...record.decisions, record.request];
      for (const { evidence } of said) expect(known).toContain(`${evidence.position} ${evidence.commit}`);
      expect(recordMarkdown(record, targets())).toContain(record.change.artifacts[0]?.sha256 ?? 'ramp: ');
    }
  });

  it('says who commanded what, and why', async () => {
    const commits = await commitsIn('C8-1.jsonl.gz');
    const [rollout = ''] = rolloutsIn(commits);
    const { record } = builtFrom(commits, rollout);
    expect(record.commands.map(({ by, reason }) => ({ by, reason }))).toContainEqual({
      by: 'user:olga',
      reason: 'simulated',
    });
    expect(record.commands.map(({ words }) => words)).toContain('skip of host-00004');
    expect(record.decisions.map(({ words }) => words).join('\n')).toContain('gate settled of stage 0, round 1: pass');
    expect(record.times.map(({ what }) => what)).toEqual(
      expect.arrayContaining(['requested', 'planned', 'started', 'ended']),
    );
    expect(record.state).toBe('succeeded');
  });
});

describe('parts of a record', () => {
  it('proves many entries as one proof at a time would, whatever the size', () => {
    const leaves = Array.from({ length: 23 }, (_, i) => hashLeaf(Buffer.from([i])));
    for (const size of [1, 2, 3, 6, 8, 13, 21]) {
      const entries = Array.from({ length: size }, (_, i) => i);
      const proofs = new ProofsOfMany(entries, size);
      for (const leaf of leaves) proofs.append(leaf);
      for (const entry of entries) expect(proofs.proof(entry)).toEqual(proveInclusion(leaves, entry, size));
    }
  });

  it('finds links and tickets in a reason, and the time in an id', () => {
    expect(referencesIn('OPS-12: see https://tickets.example/OPS-12, and OPS-12.')).toEqual([
      'OPS-12',
      'https://tickets.example/OPS-12',
    ]);
    expect(timeOfId('01KDVDNA0031QFM2BNC8383JS4')).toBe(1_767_225_600_000);
    expect(timeOfId('command-1')).toBeUndefined();
    expect(timeOfId('00000000000000000000000000')).toBeUndefined();
  });
});
