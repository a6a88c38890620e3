import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { closeSync, ftruncateSync, mkdirSync, openSync, rmSync, writeSync } from 'node:fs';
import { chmod, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { gunzipSync, gzipSync } from 'node:zlib';

import { sha256, type StepReport } from '@sluice/contracts';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { packFiles } from '../../../examples/hello/pack.mjs';
import { askApp, buildAgent, freePort, type Owner, Rig, type RunWish, runOf } from './rig.suite.js';

const MIB = 1024 * 1024;

let rig: Rig;
let owner: Owner;
const mounts: string[] = [];
beforeAll(async () => {
  buildAgent();
  rig = await Rig.start();
  owner = rig.owner();
}, 120_000);
afterAll(async () => {
  for (const folder of mounts) spawnSync('umount', ['-l', folder]);
  await rig.stop();
});

async function roll(wish: RunWish) {
  const run = runOf(wish);
  expect(await rig.send(run)).toMatchObject({ ok: true });
  return { run, report: await owner.final(run.attempt) };
}

/** A release whose archive is large, or small with a large file in it. */
async function large(version: string, kind: 'archive' | 'contents') {
  const lines = Array.from({ length: 8 * 16_384 }, (_, i) => `${i}`.padEnd(63)).join('\n');
  const data = kind === 'archive' ? randomBytes(4 * MIB) : lines;
  const packed = packFiles({ data });
  const bytes = kind === 'archive' ? packed : gzipSync(gunzipSync(packed));
  const file = join(rig.folder, `${version}.tgz`);
  await writeFile(file, bytes);
  return { version, url: pathToFileURL(file).href, sha256: sha256(bytes) };
}

/** The data folder of a host on a file system of 3 MiB; false where this user may mount none. */
function onTinyDisk(host: string): boolean {
  const folder = rig.dataDir(host);
  mkdirSync(folder, { recursive: true });
  const { status } = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=3m', 'tmpfs', folder], { stdio: 'ignore' });
  if (status === 0) mounts.push(folder);
  return status === 0;
}

/** No file may have more than 2 MiB: sh counts in blocks of 512 bytes. */
const LIMITED = ['sh', '-c', 'ulimit -f 4096; exec "$@"', 'sh'];

/** Fills the disk of a folder, but for so many bytes. Returns how to give the room back. */
function fill(folder: string, but: number): () => void {
  const ballast = join(folder, 'ballast');
  const file = openSync(ballast, 'w');
  let size = 0;
  try {
    for (;;) size += writeSync(file, Buffer.alloc(4_096, 1));
  } catch {
    ftruncateSync(file, size - but);
  } finally {
    closeSync(file);
  }
  return () => rmSync(ballast);
}

function expectDiskFull(report: StepReport | undefined, step: string, path: string): void {
  expect(report).toMatchObject({ step, ok: false, code: 'DISK_FULL' });
  expect(report?.message).toContain(`no room to write ${path}`);
  expect(report?.message).toContain('free space there, then retry');
}

/** The app that ran still runs and answers, and nothing of the new version is left. */
async function expectUntouched(host: string, port: number, pids: readonly number[]): Promise<void> {
  expect(await rig.appPids(host)).toEqual(pids);
  expect(await askApp(port)).toMatchObject({ version: '1.0.0' });
  expect(await readdir(join(rig.appDir(host), 'releases'))).toEqual(['1.0.0']);
  expect(await readdir(join(rig.appDir(host), 'tmp'))).toEqual([]);
  expect(await readdir(join(rig.appDir(host), 'downloads'))).toEqual([]);
}

describe('agent: a full disk', () => {
  it('fails download with DISK_FULL, half of nothing is left, the app runs on, and a later attempt works', async () => {
    const host = 'full';
    const port = await freePort();
    const tiny = onTinyDisk(host);
    await rig.agentProcess(host, [{ app: 'hello', group: 'hello-web', port }], tiny ? [] : LIMITED);
    await roll({ host, release: rig.release({ version: '1.0.0' }) });
    const pids = await rig.appPids(host);
    for (const kind of ['archive', 'contents'] as const) {
      const { report } = await roll({ host, release: await large(`2.0.0-${kind}`, kind) });
      expectDiskFull(report.steps.at(-1), 'download', rig.appDir(host));
      await expectUntouched(host, port, pids);
    }
    if (tiny) await installOnFullDisk(host, port, pids);
    const { report } = await roll({ host, release: rig.release({ version: '3.0.0' }) });
    expect(report.steps.every(({ ok }) => ok)).toBe(true);
  });

  /** The release is there, but not the room for what an install writes: that is seen before the app is stopped. */
  async function installOnFullDisk(host: string, port: number, pids: readonly number[]): Promise<void> {
    const release = rig.release({ version: '2.1.0' });
    await roll({ host, release, steps: ['download'] });
    const free = fill(rig.dataDir(host), 40 * 1024);
    const { report } = await roll({ host, release, n: 2, steps: ['install', 'verify', 'enable'] });
    free();
    expectDiskFull(report.steps.at(-1), 'install', rig.appDir(host));
    expect(report.steps.at(-1)?.serving).toBe(false);
    expect(await rig.appPids(host)).toEqual(pids);
    expect(await askApp(port)).toMatchObject({ version: '1.0.0' });
  }
});

/** For root, a command that takes the right away to write where the mode of a folder forbids it. */
function asOrdinaryUser(): readonly string[] | undefined {
  if (process.getuid?.() !== 0) return [];
  const rights = ['--bounding-set', '-dac_override,-dac_read_search', '--inh-caps', '-all'];

  return spawnSync('setpriv', [...rights, 'true']).status === 0 ? ['setpriv', ...rights] : undefined;
}

describe('agent: a folder that it may not write', () => {
  it('fails download and install with NO_PERMISSION and the path, the app runs on, and a later attempt works', async (context) => {
    const under = asOrdinaryUser();
    if (under === undefined) return context.skip('root writes everywhere here: setpriv is missing or refused');
    const host = 'forbidden';
    const port = await freePort();
    await rig.agentProcess(host, [{ app: 'hello', group: 'hello-web', port }], under);
    await roll({ host, release: rig.release({ version: '1.0.0' }) });
    const pids = await rig.appPids(host);
    const releases = join(rig.appDir(host), 'releases');
    const release = rig.release({ version: '2.0.0' });

    await chmod(releases, 0o555);
    const download = (await roll({ host, release })).report.steps.at(-1);
    expect(download).toMatchObject({ step: 'download', ok: false, code: 'NO_PERMISSION' });
    expect(download?.message).toContain(`the agent may not change ${releases}`);
    expect(download?.message).toContain('(EACCES): give its user (uid ');
    await expectUntouched(host, port, pids);

    await chmod(releases, 0o755);
    await roll({ host, release, n: 2, steps: ['download'] });
    await chmod(releases, 0o555);
    const install = (await roll({ host, release, n: 3, steps: ['install', 'verify'] })).report.steps.at(-1);
    expect(install).toMatchObject({ step: 'install', ok: false, code: 'NO_PERMISSION' });
    expect(install?.message).toContain(releases);
    expect(await rig.appPids(host)).toEqual(pids);

    await chmod(releases, 0o755);
    const { report } = await roll({ host, release, n: 4 });
    expect(report.steps.every(({ ok }) => ok)).toBe(true);
  });
});
