import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { parseVerifierKey } from '@sluice/proof';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { ID } from '../invariants/history.suite.js';
import { keys, signedBy, sourceOf, type Stored, WrittenLog } from '../log.suite.js';
import { verifyRecord, writeProvedRecord } from './folder.js';

describe('a record in a folder, with proofs', () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'sluice record '));
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  const { commits } = new WrittenLog().whole('rita').another().whole();
  const known = [parseVerifierKey(keys.verifier)];
  const written = (log: readonly Stored[] = commits, name = 'r') =>
    writeProvedRecord(join(folder, name), () => sourceOf(log), { rollout: ID, checkpoint: signedBy(commits) });
  const faultsOf = async (name = 'r') => (await verifyRecord(join(folder, name), known)).faults;

  it('is checked with the public key alone', async () => {
    const { record } = await written();
    expect(await verifyRecord(join(folder, 'r'), known)).toEqual({
      ...{ rollout: ID, state: 'succeeded', commits: record.commits.length, size: commits.length, faults: [] },
    });
  });

  it('names an approval of the requester, and asks for the commits of no other rollout', async () => {
    const { record } = await written();
    expect(record.approvals.map(({ by, isNotTheRequester }) => [by, isNotTheRequester])).toEqual([
      ['user:rita', false],
      ['user:piet', true],
    ]);
    expect(record.warnings.join()).toContain('who requested the change approved it');
    expect(new Set(record.streams.map(({ stream }) => stream))).toEqual(new Set([`plan.${ID}`, `exec.${ID}`]));
  });

  it('finds a change of any field of the record', async () => {
    const { record } = await written();
    const file = join(folder, 'r', 'record.json');
    const text = await readFile(file, 'utf8');
    for (const field of Object.keys(record)) {
      const changed = JSON.parse(text) as Record<string, unknown>;
      changed[field] = field === 'rollout' ? `${ID.slice(0, -2)}ZZ` : { forged: true };
      await writeFile(file, `${JSON.stringify(changed, null, 2)}\n`);
      expect(await faultsOf(), field).not.toEqual([]);
    }
    for (const [from, to] of [
      ['"user:piet"', '"user:rita"'],
      ['"isNotTheRequester": false', '"isNotTheRequester": true'],
      ['"rev": 1', '"rev": 2'],
    ] as const) {
      expect(text).toContain(from);
      await writeFile(file, text.replace(from, to));
      expect((await faultsOf()).join(), from).toContain('record.json is not what its commits say');
    }
  });

  it('finds a target that was changed, a page that was changed, and a commit that was left out', async () => {
    await written();
    const proofs = join(folder, 'r', 'proofs');
    const [, , , , , fifth = ''] = (await readdir(proofs)).toSorted((a, b) => (a < b ? -1 : 1));
    for (const file of ['targets.jsonl', 'record.md']) {
      const text = await readFile(join(folder, 'r', file), 'utf8');
      await writeFile(join(folder, 'r', file), text.replace('done', 'failed'));
      expect((await faultsOf()).join()).toContain(`${file} is not what the commits say`);
      await writeFile(join(folder, 'r', file), text);
    }
    expect(await faultsOf()).toEqual([]);
    await rm(join(proofs, fifth));
    expect((await faultsOf()).join()).toContain('a commit is missing');
  });

  it('is not made of another log than the one of the checkpoint', async () => {
    await expect(written(commits.toSpliced(3, 1), 'cut')).rejects.toMatchObject({ code: 'NOT_THIS_LOG' });
    const other = generated();
    await expect(written(other, 'other')).rejects.toMatchObject({
      code: expect.stringMatching(/NOT_THIS_LOG|BAD_PROOF/) as string,
    });
  });

  const generated = (): readonly Stored[] => new WrittenLog().whole('piet').another().whole().commits;
});
