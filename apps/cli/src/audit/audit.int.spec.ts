import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { sluice } from '../cli.suite.js';
import { EXIT } from '../client/exit.js';
import { linesOf, goldenCommits } from './audit.suite.js';

const NAME = 'sluice.example/log';

describe('sluice audit over an export', () => {
  let folder: string;
  let log: string;
  let key: string;
  const at = (name: string): string => join(folder, name);
  const audit = (...args: string[]) => sluice('http://127.0.0.1:1', 'audit', ...args);

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'sluice audited '));
    log = at('log.jsonl');
    key = at('log.key');
    await writeFile(log, linesOf(goldenCommits()));
    await audit('keygen', NAME, '--out', key);
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  const checkpoint = async (name: string, count = Infinity): Promise<string> => {
    await writeFile(at('part.jsonl'), linesOf(goldenCommits().slice(0, count)));
    const { exit, err } = await audit('checkpoint', at('part.jsonl'), '--signer', key, '--out', at(name));
    expect(err).toBe('');
    expect(exit).toBe(EXIT.ok);
    return at(name);
  };

  it('keeps a secret key from everybody else, and never writes over one', async () => {
    expect((await stat(key)).mode & 0o777).toBe(0o600);
    const secret = await readFile(key, 'utf8');
    const { exit, out, err } = await audit('keygen', NAME, '--out', key);
    expect(exit).toBe(EXIT.error);
    expect(await readFile(key, 'utf8')).toBe(secret);
    expect(out + err).not.toContain('PRIVATE');
    expect((await audit('keygen', 'two words')).exit).toBe(EXIT.usage);
  });

  it('verifies it with a checkpoint, and ends with 0', async () => {
    const signed = await checkpoint('whole.checkpoint');
    const { exit, out } = await audit('verify', log, '--checkpoint', signed, '--key', `${key}.pub`);
    expect(out).toContain('1 of 1 checkpoints hold');
    expect(out).toContain('ok: nothing was found');
    expect(exit).toBe(EXIT.ok);
  });

  it('ends with 9 for what was changed or cut, and names it', async () => {
    const signed = await checkpoint('whole.checkpoint');
    const [commits, rest] = [goldenCommits(), ['--checkpoint', signed, '--key', `${key}.pub`, '-o', 'json']];
    const verified = async (text: string): Promise<readonly [exit: number, codes: readonly string[]]> => {
      await writeFile(log, text);
      const { exit, out } = await audit('verify', log, ...rest);
      const report = JSON.parse(out) as { findings: readonly { code: string }[] };
      return [exit, report.findings.map(({ code }) => code)];
    };
    expect(await verified(linesOf(commits.slice(0, -2)))).toEqual([EXIT.altered, ['TAIL_CUT']]);
    const [exit, codes] = await verified(linesOf(commits).replace('"environment":"test"', '"environment":"prod"'));
    expect(exit).toBe(EXIT.altered);
    expect(codes).toContain('I13');
    expect(codes).toContain('ROOT_MISMATCH');
    expect(await verified(linesOf(commits).slice(0, -5))).toEqual([EXIT.altered, ['SOURCE_BROKEN', 'TAIL_CUT']]);
  });

  it('ends with 1 when it could not: no such file, no such server, no key', async () => {
    expect((await audit('verify', at('nowhere.jsonl'))).exit).toBe(EXIT.error);
    expect((await audit('verify', log, '--checkpoint', log)).exit).toBe(EXIT.error);
    expect((await audit('verify', folder)).err).toContain('is no archive');
  });

  it('signs nothing for a log that an older checkpoint does not fit', async () => {
    const signed = await checkpoint('whole.checkpoint');
    await writeFile(log, linesOf(goldenCommits().slice(0, -1)));
    const { exit, err, out } = await audit('checkpoint', log, '--signer', key, '--before', signed);
    expect(exit).toBe(EXIT.altered);
    expect(err).toContain('TAIL_CUT');
    expect(out).toBe('');
  });

  it('proves one commit by its position, its id or its revision', async () => {
    const signed = await checkpoint('whole.checkpoint');
    const [, , , fourth] = goldenCommits();
    const { id, stream, rev } = JSON.parse(Buffer.from(fourth ?? []).toString()) as {
      [key in 'id' | 'stream' | 'rev']: string;
    };
    for (const [i, entry] of ['4', id, `${stream}:${rev}`].entries()) {
      const file = at(`${i}.tlog-proof`);
      expect(await audit('prove', entry, log, '--checkpoint', signed, '--out', file)).toMatchObject({ exit: EXIT.ok });
      const held = await audit('verify-proof', file, '--key', `${key}.pub`, '--entry');
      expect(held).toEqual({ exit: EXIT.ok, out: Buffer.from(fourth ?? []).toString(), err: '' });
    }
    const none = ['prove', 'exec.nothing:1', log, '--checkpoint', signed, '--out', at('none')];
    expect((await audit(...none)).exit).toBe(EXIT.notFound);
  });

  it('makes no proof and no checkpoint of a log that lacks what was archived', async () => {
    const signed = await checkpoint('whole.checkpoint');
    await writeFile(log, linesOf(goldenCommits()).split('\n').slice(1).join('\n'));
    const proved = await audit('prove', '4', log, '--checkpoint', signed, '--out', at('4.tlog-proof'));
    expect(proved.exit).not.toBe(EXIT.ok);
    await writeFile(
      log,
      linesOf(goldenCommits())
        .split('\n')
        .filter((line) => !line.includes('GateJudged'))
        .join('\n'),
    );
    const { exit, err } = await audit('checkpoint', log, '--signer', key);
    expect(exit).toBe(EXIT.error);
    expect(err).toContain('1 of 26 commits are not there');
    const other = await audit('prove', '4', log, '--checkpoint', signed, '--out', at('4.tlog-proof'));
    expect(other.exit).not.toBe(EXIT.ok);
  });

  it('ends with 9 for a proof of another key or of another commit', async () => {
    const signed = await checkpoint('whole.checkpoint');
    const file = at('4.tlog-proof');
    await audit('prove', '4', log, '--checkpoint', signed, '--out', file);
    await audit('keygen', NAME, '--out', at('other.key'));
    expect((await audit('verify-proof', file, '--key', at('other.key.pub'))).exit).toBe(EXIT.altered);
    const other = goldenCommits()[4] ?? new Uint8Array();
    const forged = (await readFile(file, 'utf8')).replace(
      /^extra .*$/m,
      `extra ${Buffer.from(other).toString('base64')}`,
    );
    await writeFile(file, forged);
    const { exit, err } = await audit('verify-proof', file, '--key', `${key}.pub`);
    expect(exit).toBe(EXIT.altered);
    expect(err).toContain('does not hold');
  });

  it('says whether a newer checkpoint goes on from an older one', async () => {
    const [older, newer] = [await checkpoint('a.checkpoint', 7), await checkpoint('b.checkpoint')];
    const consistency = (...args: string[]) => audit('consistency', ...args, '--key', `${key}.pub`);
    expect((await consistency(older, newer, '--log', log)).exit).toBe(EXIT.ok);
    expect((await consistency(older, newer)).err).toContain('no proof in');
    expect((await consistency(newer, newer)).exit).toBe(EXIT.ok);
    await writeFile(log, linesOf(goldenCommits().toReversed()));
    expect((await consistency(older, newer, '--log', log)).exit).toBe(EXIT.altered);
  });
});
