import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { sluice } from '../cli.suite.js';
import { goldenCommits, linesOf } from './audit.suite.js';

const MAIN = fileURLToPath(new URL('../../dist/main.js', import.meta.url));
const run = promisify(execFile);

/** The program as `npm run build` wrote it, in a process that has the public key and the file, and nothing else. */
describe('sluice audit verify-proof as a process', { timeout: 60_000 }, () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'sluice proof '));
    const log = join(folder, 'log.jsonl');
    await writeFile(log, linesOf(goldenCommits()));
    const audit = async (...args: string[]): Promise<void> => {
      expect(await sluice('http://127.0.0.1:1', 'audit', ...args)).toMatchObject({ exit: 0 });
    };
    const [key, signed] = [join(folder, 'k'), join(folder, 'c')];
    await audit('keygen', 'sluice.example/log', '--out', key);
    await audit('checkpoint', log, '--signer', key, '--out', signed);
    await audit('prove', '9', log, '--checkpoint', signed, '--out', join(folder, 'p.tlog-proof'));
    await rm(log);
    await rm(key);
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  const verified = (file: string) =>
    run(process.execPath, [MAIN, 'audit', 'verify-proof', file, '--key', 'k.pub', '--entry'], { cwd: folder, env: {} });

  it('needs no log, no NATS and no configuration', async () => {
    const { stdout } = await verified('p.tlog-proof');
    expect(stdout).toBe(`${goldenCommits()[8]?.toString() ?? ''}\n`);
  });

  it('ends with 9 for what was not signed', async () => {
    await writeFile(join(folder, 'other'), 'c2sp.org/tlog-proof@v1\nextra aGFsbG8=\nindex 0\n\nsluice.example/log\n');
    await expect(verified('other')).rejects.toMatchObject({ code: 9 });
  });
});
