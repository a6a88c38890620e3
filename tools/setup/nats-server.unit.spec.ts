import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { cachedServerPath, findServer, prepareServer } from './nats-server.mjs';

let root: string;
let said: string[];

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'sluice setup '));
  said = [];
});

afterEach(() => rmSync(root, { recursive: true, force: true }));

const say = (line: string) => void said.push(line);
const noFetch = () => {
  throw new Error('no network');
};

/** Plants a program that answers `--version` as nats-server does, and returns its path. */
function plant(path: string, version: string): string {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, `#!/bin/sh\necho "nats-server: v${version}"\n`);
  chmodSync(path, 0o755);
  return path;
}

const plantOnPath = (folder: string, version: string) => plant(join(root, folder, 'nats-server'), version);
const pathOf = (...folders: string[]) => folders.map((folder) => join(root, folder)).join(delimiter);

describe('the search for a nats-server', () => {
  it('takes SLUICE_NATS_SERVER before PATH and .cache', () => {
    const named = plant(join(root, 'mine', 'server'), '2.15.1');
    plantOnPath('bin', '2.12.0');
    plant(cachedServerPath(root), '2.10.27');
    const env = { SLUICE_NATS_SERVER: named, PATH: pathOf('bin') };
    expect(findServer({ env, root })).toEqual({ kind: 'found', server: { path: named, version: '2.15.1' } });
  });

  it('takes PATH before .cache', () => {
    const onPath = plantOnPath('bin', '2.12.0');
    plant(cachedServerPath(root), '2.10.27');
    const search = findServer({ env: { PATH: pathOf('empty', 'bin') }, root });
    expect(search).toEqual({ kind: 'found', server: { path: onPath, version: '2.12.0' } });
  });

  it('passes over a server on PATH that is too old, does not run, or is something else', () => {
    plantOnPath('old', '2.9.10');
    mkdirSync(join(root, 'folder', 'nats-server'), { recursive: true });
    writeFileSync(plantOnPath('broken', ''), '#!/bin/sh\nexit 3\n');
    writeFileSync(plantOnPath('other', ''), '#!/bin/sh\necho 9.9.9\n');
    const cached = plant(cachedServerPath(root), '2.10.27');
    const search = findServer({ env: { PATH: pathOf('old', 'folder', 'broken', 'other') }, root });
    expect(search).toEqual({ kind: 'found', server: { path: cached, version: '2.10.27' } });
  });

  it('refuses a SLUICE_NATS_SERVER that does not exist instead of looking on', () => {
    plantOnPath('bin', '2.12.0');
    const env = { SLUICE_NATS_SERVER: join(root, 'gone'), PATH: pathOf('bin') };
    expect(() => prepareServer({ env, root }, say, noFetch)).toThrow(
      /SLUICE_NATS_SERVER names .*gone.* does not exist/,
    );
  });

  it('refuses a SLUICE_NATS_SERVER that does not run', () => {
    const named = plant(join(root, 'server'), '2.12.0');
    writeFileSync(named, '#!/bin/sh\nexit 1\n');
    const env = { SLUICE_NATS_SERVER: named, PATH: '' };
    expect(() => prepareServer({ env, root }, say, noFetch)).toThrow(/does not run as a nats-server/);
  });
});

describe('the preparation of a nats-server', () => {
  const record = (): unknown => JSON.parse(readFileSync(join(root, '.cache', 'nats-server.json'), 'utf8'));
  const old = () => ({ env: { SLUICE_NATS_SERVER: plant(join(root, 'old'), '2.9.10') }, root });

  it('records the path and the version, and says nothing', () => {
    const path = plantOnPath('bin', '2.10.27');
    prepareServer({ env: { PATH: pathOf('bin') }, root }, say, noFetch);
    expect(record()).toEqual({ path, version: '2.10.27' });
    expect(said).toEqual([]);
  });

  it('uses an old server that is named, and warns that acknowledged writes may be lost', () => {
    const machine = old();
    expect(prepareServer(machine, say, noFetch).version).toBe('2.9.10');
    expect(said.join('\n')).toMatch(/WARNING.*2\.9\.10[^]*may be LOST on a power failure/);
    expect(record()).toMatchObject({ version: '2.9.10' });
  });

  // The two cases below hold only where the system has no nats-server of its own.
  const bare = findServer({ env: {}, root: '/nonexistent' }).kind === 'missing';

  it.skipIf(!bare)('fetches one rather than use an old one on PATH', () => {
    plantOnPath('bin', '2.9.10');
    const fetch = () => void plant(cachedServerPath(root), '2.10.27');
    const server = prepareServer({ env: { PATH: pathOf('bin') }, root }, say, fetch);
    expect(server).toEqual({ path: cachedServerPath(root), version: '2.10.27' });
  });

  it.skipIf(!bare)('warns about an old one on PATH when nothing can be fetched', () => {
    plantOnPath('bin', '2.9.10');
    const server = prepareServer({ env: { PATH: pathOf('bin') }, root }, say, noFetch);
    expect(server.version).toBe('2.9.10');
    expect(said.join('\n')).toContain('may be LOST');
  });

  it.skipIf(!bare)('names three ways out, and the cause, when there is none', () => {
    expect(() => prepareServer({ env: { PATH: '' }, root }, say, noFetch)).toThrow(
      /could be fetched: no network[^]*1\. [^]*2\. [^]*3\. .*SLUICE_NATS_SERVER=/,
    );
  });
});
