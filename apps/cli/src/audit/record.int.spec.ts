import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { sluice } from '../cli.suite.js';
import { EXIT } from '../client/exit.js';
import { goldenCommits, linesOf } from './audit.suite.js';

describe('what auditors ask for, over an export', () => {
  let folder: string;
  let id: string;
  const at = (name: string): string => join(folder, name);
  const audit = (...args: string[]) => sluice('http://127.0.0.1:1', 'audit', ...args);

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'sluice records '));
    const commits = goldenCommits();
    id = /"stream":"plan\.([\w-]+)"/.exec(commits[0]?.toString() ?? '')?.[1] ?? '';
    await writeFile(at('log.jsonl'), linesOf(commits));
    await audit('keygen', 'sluice.example/log', '--out', at('key'));
    await audit('checkpoint', at('log.jsonl'), '--signer', at('key'), '--out', at('checkpoint'));
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  it('a change record for a person and for a program', async () => {
    const { exit, out } = await audit('record', id, at('log.jsonl'));
    expect(exit).toBe(EXIT.ok);
    expect(out).toContain(`# Change ${id}`);
    expect(out).toContain('skip of host-00004, because: simulated');
    const record = JSON.parse((await audit('record', id, at('log.jsonl'), '-o', 'json')).out) as object;
    expect(record).toMatchObject({ schema: 'sluice.change-record/1', rollout: id, state: 'succeeded' });
    expect((await audit('record', 'r06-NOBODY', at('log.jsonl'))).exit).toBe(EXIT.notFound);
  });

  it('a record with proofs is checked with the public key alone, and ends with 9 once it was changed', async () => {
    const made = await audit('record', id, at('log.jsonl'), '--checkpoint', at('checkpoint'), '--out', at('record'));
    expect(made.err).toBe('');
    const check = () => audit('verify-record', at('record'), '--key', at('key.pub'));
    expect((await check()).out).toContain('holds: the record is what these commits say');
    const text = await readFile(at('record/record.json'), 'utf8');
    await writeFile(at('record/record.json'), text.replace('user:olga', 'user:otto'));
    const { exit, out } = await check();
    expect(out).toContain('its commands is another');
    expect(exit).toBe(EXIT.altered);
  });

  it('a population is made anew from the log, and names what was left out of it', async () => {
    const options = ['--checkpoint', at('checkpoint'), '--key', at('key.pub'), '--out', at('all'), '--sample', '1'];
    const made = await audit('population', at('log.jsonl'), ...options);
    expect(made.out).toContain('1 rollouts, 0 refused requests');
    const [proof = ''] = await readdir(at('all/sample'));
    const proved = await audit('verify-proof', join(at('all/sample'), proof), '--key', at('key.pub'), '--entry');
    expect(proved.out).toContain('"RolloutPlanned"');
    const check = () => audit('verify-population', at('all'), at('log.jsonl'), '--key', at('key.pub'));
    expect((await check()).exit).toBe(EXIT.ok);
    const text = await readFile(at('all/population.json'), 'utf8');
    await writeFile(at('all/population.json'), text.replace(id, 'r06-ANOTHER'));
    const { exit, out } = await check();
    expect(out).toContain(`it leaves out ${id}`);
    expect(exit).toBe(EXIT.altered);
    await writeFile(at('log.jsonl'), linesOf(goldenCommits().toSpliced(4, 1)));
    expect((await audit('population', at('log.jsonl'))).exit).toBe(EXIT.altered);
  });
});
