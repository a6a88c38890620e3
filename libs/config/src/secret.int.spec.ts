import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { readSecret } from './secret.js';

describe('readSecret', () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'sluice secret '));
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  it('reads a variable or a file, each time anew', async () => {
    expect(await readSecret('env:CMDB_TOKEN', { CMDB_TOKEN: ' sesame ' })).toBe('sesame');
    const path = join(folder, 'token');
    for (const text of ['one', 'Basic two']) {
      await writeFile(path, `${text}\n`);
      expect(await readSecret(`file:${path}`)).toBe(text);
    }
  });

  it('names the place of one that cannot be used, and not what stands there', async () => {
    for (const [reference, env] of [
      ['env:NOT_SET', {}],
      ['env:ODD', { ODD: 'ses\name' }],
      ['env:LONG', { LONG: 'x'.repeat(8_193) }],
      [`file:${join(folder, 'gone')}`, {}],
    ] as const) {
      const error = await readSecret(reference, env).catch((each: unknown) => each);
      expect(error).toMatchObject({ code: 'SECRET_UNREADABLE', message: expect.stringContaining(reference) });
      expect(String(error)).not.toMatch(/ses|xxx/);
    }
  });
});
