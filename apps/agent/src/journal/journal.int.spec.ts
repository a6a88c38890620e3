import { appendFile, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { isSluiceError } from '@sluice/kernel';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { runOf } from '../rig.suite.js';
import { Journal } from './journal.js';
import { tokenOf } from './records.js';

let folder: string;
let path: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sluice-journal-'));
  path = join(folder, 'journal.jsonl');
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const open = (keep?: number): Promise<Journal> =>
  Journal.open({ path, now: () => 7, ...(keep === undefined ? {} : { keep }) });
const runNumber = (n: number, token = n) =>
  runOf({ host: 'web-01', release: { version: '1.0.0', url: 'file:///r', sha256: 'ab'.repeat(32) }, n, token });

async function fill(journal: Journal, from: number, to: number, ended = true): Promise<void> {
  for (let n = from; n <= to; n += 1) {
    const run = runNumber(n);
    await journal.append({ t: 'accepted', at: n, run });
    if (ended) await journal.append({ t: 'ended', at: n, attempt: run.attempt });
  }
}

describe('agent: journal', () => {
  it('says after a restart what it said before', async () => {
    const journal = await open();
    const { attempt } = runNumber(1);
    await fill(journal, 1, 1, false);
    await Promise.all([
      journal.append({ t: 'began', at: 1, attempt, step: 'drain' }),
      journal.append({ t: 'done', at: 2, attempt, report: { step: 'drain', ok: true, ms: 1 } }),
      journal.append({ t: 'began', at: 3, attempt, step: 'download' }),
    ]);
    const before = [...journal.state.attempts.values()];
    await journal.close();
    const again = await open();
    expect([...again.state.attempts.values()]).toEqual(before);
    expect(again.state.attempts.get(attempt)).toMatchObject({
      step: 'download',
      steps: [{ step: 'drain' }],
      ended: false,
    });
    await again.close();
  });

  it('drops a last line that a crash cut off, at each byte, and goes on after it', async () => {
    const journal = await open();
    await fill(journal, 1, 2);
    await journal.close();
    const whole = await readFile(path);
    const lastLine = whole.lastIndexOf(0x0a, whole.length - 2) + 1;
    for (let cut = lastLine + 1; cut < whole.length; cut += 7) {
      await writeFile(path, whole.subarray(0, cut));
      const torn = await open();
      expect(torn.state.attempts.get(runNumber(2).attempt)).toMatchObject({ ended: false });
      await torn.append({ t: 'ended', at: 9, attempt: runNumber(2).attempt });
      await torn.close();
      const healed = await open();
      expect(healed.state.attempts.get(runNumber(2).attempt)).toMatchObject({ ended: true });
      await healed.close();
    }
  });

  it('refuses to work with damage in the middle, and says where', async () => {
    const journal = await open();
    await fill(journal, 1, 3);
    await journal.close();
    const lines = (await readFile(path, 'utf8')).split('\n');
    for (const damage of ['{"t":"accepted"', '\0\0\0\0', '{"t":"other"}', '{"t":"ended","at":1,"attempt":"nobody"}']) {
      await writeFile(path, [lines[0], damage, ...lines.slice(2)].join('\n'));
      const error = await open().catch((thrown: unknown) => thrown);
      expect(isSluiceError(error, 'JOURNAL_CORRUPT'), damage).toBe(true);
      expect(String(error)).toContain('line 2');
    }
  });

  it('keeps the newest attempts, all that are under way, and every token', async () => {
    const journal = await open(4);
    await fill(journal, 1, 1, false);
    await fill(journal, 2, 40);
    const { attempts } = journal.state;
    expect(attempts.size).toBeLessThanOrEqual(4 + 1 + 1);
    expect(attempts.has(runNumber(1).attempt)).toBe(true);
    expect(attempts.has(runNumber(40).attempt)).toBe(true);
    expect(attempts.has(runNumber(30).attempt)).toBe(false);
    await journal.append({ t: 'token', app: 'hello', group: 'hello-web', token: 99 });
    await fill(journal, 41, 60);
    await journal.close();
    const again = await open(4);
    expect(tokenOf(again.state, 'hello', 'hello-web')).toBe(99);
    expect(again.state.attempts.has(runNumber(1).attempt)).toBe(true);
    expect((await readFile(path, 'utf8')).split('\n').length).toBeLessThan(30);
    await again.close();
  });

  it('writes nothing after a file that it cannot write', async () => {
    const journal = await open();
    await journal.close();
    await expect(journal.append({ t: 'token', app: 'a', group: 'g', token: 1 })).rejects.toMatchObject({
      code: 'JOURNAL_UNWRITABLE',
    });
    await appendFile(path, '');
    expect(journal.state.tokens.size).toBe(0);
  });
});
