import { spawnSync } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import { newUlid } from '@sluice/observability';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { EXIT } from '../client/exit.js';
import { run } from '../run.js';
import { unitText } from './unit.js';

let folder: string;
let config: string;
beforeEach(async () => {
  // A path that needs quotes, and holds all that systemd reads in a word.
  folder = await mkdtemp(join(tmpdir(), 'sluice unit 100% "$x" '));
  config = join(folder, 'agent.yaml');
  await writeFile(config, `host: web-01\ndataDir: data\napps: [{ app: hello, group: hello-web, port: 8080 }]\n`);
});
afterEach(() => rm(folder, { recursive: true, force: true }));

async function install(...args: string[]) {
  const [out, err]: [string[], string[]] = [[], []];
  const exit = await run(['agent', 'install', ...args], {
    out: (line) => out.push(line),
    err: (line) => err.push(line),
    defaultUrl: 'http://127.0.0.1:1',
    newId: newUlid,
    now: Date.now,
    sleep: (ms) => sleep(ms),
    readText: (file) => Promise.resolve(file),
    interrupted: new AbortController().signal,
  });
  return { exit, out: out.join('\n'), err: err.join('\n') };
}

describe('sluice agent install', () => {
  it('prints the unit and writes nothing with --dry-run', async () => {
    const ran = await install(config, '--to', folder, '--dry-run');
    expect([ran.exit, ran.err]).toEqual([EXIT.ok, '']);
    for (const line of ['KillMode=process', 'Restart=always', 'OOMPolicy=continue', 'User=root']) {
      expect(ran.out.split('\n')).toContain(line);
    }
    expect(ran.out).toMatch(/^ExecStart=\S+ .* agent --supervise "/m);
    expect(await readdir(folder)).toEqual(['agent.yaml']);
  });

  it('writes it once, says so when it is there already, and replaces another one only by --force', async () => {
    const units = join(folder, 'units');
    const unit = join(units, 'edge.service');
    const to = ['--to', units, '--name', 'edge'] as const;
    const first = await install(config, ...to);
    expect([first.exit, first.err]).toEqual([EXIT.ok, '']);
    expect(first.out).toContain('systemctl enable --now edge');
    expect((await stat(unit)).mode & 0o777).toBe(0o644);
    const text = await readFile(unit, 'utf8');

    const again = await install(config, ...to);
    expect([again.exit, again.out.split('\n')[0]]).toEqual([EXIT.ok, `${unit} is there already, the same`]);
    const other = await install(config, ...to, '--user', 'deploy');
    expect([other.exit, other.out]).toEqual([EXIT.conflict, '']);
    expect(other.err).toContain('--force');
    expect(await readFile(unit, 'utf8')).toBe(text);
    expect((await install(config, ...to, '--user', 'deploy', '--force')).exit).toBe(EXIT.ok);
    expect(await readFile(unit, 'utf8')).toContain('User=deploy\n');
    expect(await readdir(units)).toEqual(['edge.service']);
  });

  it('writes nothing for a configuration that is not sound, and takes no name that is none', async () => {
    await writeFile(config, 'host: web-01\n');
    const bad = await install(config, '--to', folder);
    expect([bad.exit, bad.err]).toEqual([EXIT.error, expect.stringContaining('/dataDir')]);
    for (const args of [
      ['--name', '../x'],
      ['--name', ''],
      ['--user', 'a\nExecStartPre=/bin/sh'],
      ['--user', 'A B'],
    ]) {
      expect((await install(config, '--to', folder, ...args)).exit, args.join(' ')).toBe(EXIT.usage);
    }
    expect(await readdir(folder)).toEqual(['agent.yaml']);
    await writeFile(join(folder, 'file'), '');
    const blocked = join(folder, 'file', 'units');
    await writeFile(config, `host: web-01\ndataDir: data\napps: [{ app: hello, group: hello-web, port: 8080 }]\n`);
    const refused = await install(config, '--to', blocked);
    expect([refused.exit, refused.err]).toEqual([EXIT.error, expect.stringContaining('choose --to')]);
  });

  it('a host cannot write lines of its own into the unit', () => {
    const text = unitText({
      host: 'a\nExecStartPre=/bin/x',
      user: 'root',
      command: ['/usr/bin/node', 'a b', '$HOME%h"\\'],
    });
    expect(text).toContain('Description=Sluice agent of a ExecStartPre=/bin/x\n');
    expect(text).toContain('ExecStart=/usr/bin/node "a b" "$$HOME%%h\\"\\\\"\n');
  });

  it('systemd itself finds nothing wrong with it', async (context) => {
    if (spawnSync('systemd-analyze', ['--version']).status !== 0)
      return context.skip('there is no systemd-analyze on this machine');
    expect((await install(config, '--to', folder)).exit).toBe(EXIT.ok);
    const { stdout, stderr, status } = spawnSync('systemd-analyze', ['verify', join(folder, 'sluice-agent.service')]);
    // It also tells of what it would like to find in the units of the machine; ours is the one that counts.
    const lines = `${String(stdout)}${String(stderr)}`.split('\n');
    expect(lines.filter((line) => line.includes('sluice-agent'))).toEqual([]);
    expect(status).toBe(0);
  });
});
