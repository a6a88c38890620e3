import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { lockFolder } from './lock.js';

describe('the lock of a data folder', () => {
  let folder: string;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'sluice-lock-'));
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  it('refuses a second holder and leaves nothing behind', async () => {
    const unlock = await lockFolder(join(folder, 'data'));
    await expect(lockFolder(join(folder, 'data'))).rejects.toMatchObject({ code: 'ALREADY_UP' });
    await unlock();
    await (
      await lockFolder(join(folder, 'data'))
    )();
    expect(await readdir(join(folder, 'data'))).toEqual([]);
  });

  it.each([
    ['a process that is gone', { pid: 2 ** 22 + 1, life: null }],
    ['a later process with the same id', { pid: process.pid, life: 'another life' }],
  ])('is taken over from %s', async (_, holder) => {
    await writeFile(join(folder, 'up.lock'), JSON.stringify(holder));
    await (
      await lockFolder(folder)
    )();
  });

  it('is taken over when a crash left it half written', async () => {
    await writeFile(join(folder, 'up.lock'), '{"pi');
    await (
      await lockFolder(folder)
    )();
  });
});
