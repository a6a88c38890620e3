import { execFile } from 'node:child_process';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { REPOSITORY } from '@sluice/demo';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { endProcessesIn, processesOf } from './support/leftovers.js';

interface Summary {
  readonly ok: boolean;
  readonly claims: readonly { readonly chapter: number; readonly claim: string; readonly ok: boolean }[];
  readonly error?: string;
}

/** How many each chapter makes, from the first on: none is left out unseen. */
const CLAIMS = [1, 4, 2, 5, 3, 1, 4, 6, 5];

const DEMO = join(REPOSITORY, 'tools/demo/dist/main.js');

describe('the demo', () => {
  let folder: string;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'sluice e2e demo '));
  });
  afterEach(async () => {
    await endProcessesIn(folder);
    await rm(folder, { recursive: true, force: true, maxRetries: 5 });
  });

  const play = (): Promise<{ code: unknown; stdout: string }> =>
    new Promise((resolve) => {
      const options = { env: { ...process.env, TMPDIR: folder }, maxBuffer: 16 << 20 };
      execFile(process.execPath, [DEMO, '--json'], options, (error, stdout) =>
        resolve({ code: error === null ? 0 : error.code, stdout }),
      );
    });

  it('shows that every claim of its story is true, and leaves nothing behind', { timeout: 480_000 }, async () => {
    const { code, stdout } = await play();
    const summary = JSON.parse(stdout.trimEnd().split('\n').at(-1) ?? '') as Summary;
    expect(
      summary.claims.filter(({ ok }) => !ok),
      summary.error ?? stdout,
    ).toEqual([]);
    expect(CLAIMS.map((_, i) => summary.claims.filter(({ chapter }) => chapter === i + 1).length)).toEqual(CLAIMS);
    expect({ ok: summary.ok, code }).toEqual({ ok: true, code: 0 });
    expect(await processesOf(folder)).toEqual([]);
    expect(await readdir(folder)).toEqual([]);
  });
});
