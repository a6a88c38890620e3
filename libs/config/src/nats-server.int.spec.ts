import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { resolveNatsServer } from './nats-server.js';

describe('resolveNatsServer', () => {
  let home: string;
  beforeEach(async () => {
    home = await mkdtemp(join(tmpdir(), 'sluice config '));
  });
  afterEach(() => rm(home, { recursive: true, force: true }));

  async function server(folder: string, version: string): Promise<string> {
    await mkdir(join(home, folder), { recursive: true });
    const path = join(home, folder, 'nats-server');
    await writeFile(path, `#!/bin/sh\necho "nats-server: v${version}"\n`);
    await chmod(path, 0o755);
    return path;
  }

  async function record(path: string): Promise<void> {
    await mkdir(join(home, '.cache'));
    await writeFile(join(home, '.cache', 'nats-server.json'), JSON.stringify({ path, version: '0.0.0' }));
  }

  it('takes the variable, then the record of the set-up, then PATH', async () => {
    const [named, recorded, onPath] = [
      await server('a', '2.1.0'),
      await server('b', '2.2.0'),
      await server('c', '2.3.0'),
    ];
    const env = { PATH: join(home, 'c') };
    const from = [join(home, 'deep', 'down')];
    expect(resolveNatsServer({ env, from })).toEqual({ path: onPath, version: '2.3.0' });
    await record(recorded);
    expect(resolveNatsServer({ env, from })).toEqual({ path: recorded, version: '2.2.0' });
    expect(resolveNatsServer({ env: { ...env, SLUICE_NATS_SERVER: named }, from })).toEqual({
      path: named,
      version: '2.1.0',
    });
  });

  it('passes over a record whose program is gone', async () => {
    const onPath = await server('c', '2.3.0');
    await record(join(home, 'gone'));
    expect(resolveNatsServer({ env: { PATH: join(home, 'c') }, from: [home] }).path).toBe(onPath);
  });

  it('names three ways to install one, also when the variable names nothing that runs', async () => {
    const broken = join(home, 'broken');
    await writeFile(broken, 'x');
    const resolve = () => resolveNatsServer({ env: { SLUICE_NATS_SERVER: broken }, from: [home] });
    expect(resolve).toThrow(expect.objectContaining({ code: 'NATS_SERVER_MISSING' }));
    expect(resolve).toThrow(/1\. run `npm run setup`[^]*2\. install[^]*3\. set SLUICE_NATS_SERVER/);
  });
});
