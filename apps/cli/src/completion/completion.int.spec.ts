import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { describe, expect, it } from 'vitest';

import type { Surroundings } from '../commands/shell.js';
import { createProgram } from '../program.js';
import { run } from '../run.js';
import { SERVICES } from '../services/starting.js';
import { type CommandWords, wordsOf } from './words.js';

const surroundings: Surroundings = {
  out: () => {},
  err: () => {},
  defaultUrl: 'http://127.0.0.1:1',
  newId: () => '',
  now: () => 0,
  sleep: () => Promise.resolve(),
  readText: () => Promise.resolve(''),
  interrupted: new AbortController().signal,
  end: () => {},
};

async function said(...args: string[]): Promise<string> {
  const out: string[] = [];
  await run(args, { ...surroundings, out: (line) => out.push(line) });
  return out.join('\n');
}

const has = (shell: string): boolean => spawnSync(shell, ['--version']).status === 0;

/** What bash offers for the line so far. */
function offered(script: string, ...line: string[]): string[] {
  const words = line.map((word) => `'${word}'`).join(' ');
  const ask = `${script}\nCOMP_WORDS=(${words}); COMP_CWORD=${line.length - 1}; _sluice; printf '%s\\n' "\${COMPREPLY[@]}"`;
  const { stdout, stderr, status } = spawnSync('bash', ['--norc', '-c', ask], { encoding: 'utf8' });
  expect([status, stderr]).toEqual([0, '']);
  return stdout.split('\n').filter((word) => word !== '');
}

describe('completion', () => {
  const commands: readonly CommandWords[] = wordsOf(createProgram(surroundings)).filter(({ name }) => name !== '');

  it.skipIf(!has('bash'))('bash offers commands, their options, and what an option may be', async () => {
    const script = await said('completion', 'bash');
    expect(offered(script, 'sluice', '')).toEqual(expect.arrayContaining(['approve', 'redeploy', 'doctor', 'token']));
    expect(offered(script, 'sluice', 'app')).toEqual(['approve']);
    expect(offered(script, 'sluice', '-o', 'json')).toEqual(['json', 'jsonl']);
    expect(offered(script, 'sluice', '-o', 'json', 'pause', 'ID', '--re')).toEqual(['--reason']);
    expect(offered(script, 'sluice', '--url', 'http://x', 'token', '')).toEqual(
      expect.arrayContaining(['create', 'list', 'revoke']),
    );
    expect(offered(script, 'sluice', 'token', 'create', '--ro')).toEqual(['--role']);
    expect(offered(script, 'sluice', 'mode', 'ID', 'man')).toEqual(['manual']);
  });

  it.skipIf(!has('zsh'))('zsh reads it', async () => {
    const { status, stderr } = spawnSync('zsh', ['-n'], { input: await said('completion', 'zsh'), encoding: 'utf8' });
    expect([status, stderr]).toEqual([0, '']);
  });

  it.skipIf(!has('fish'))('fish reads it', async () => {
    // fish reads a script from a file, not from a pipe.
    const folder = mkdtempSync(join(tmpdir(), 'sluice-fish-'));
    writeFileSync(join(folder, 'sluice.fish'), await said('completion', 'fish'));
    const { status, stderr } = spawnSync('fish', ['-n', join(folder, 'sluice.fish')], { encoding: 'utf8' });
    rmSync(folder, { recursive: true });
    expect([status, stderr]).toEqual([0, '']);
  });

  it('zsh and fish are told every command and every option of it', async () => {
    const [zsh, fish] = [await said('completion', 'zsh'), await said('completion', 'fish')];
    for (const { name, options } of commands) {
      expect(zsh).toContain(`'${name}')`);
      expect(fish).toContain(`-a ${name.split(' ').at(-1) ?? ''} `);
      for (const { flags } of options) expect(zsh).toContain(flags.at(-1));
    }
  });

  it('every command that a person types says what it does, with an example', async () => {
    const services = new Set<string>([...SERVICES, 'agent', 'up']);
    for (const { name, about } of commands.filter((one) => !services.has(one.name))) {
      expect([name, about.length > 10]).toEqual([name, true]);
      expect([name, await said(...name.split(' '), '--help')]).toEqual([
        name,
        expect.stringMatching(/Examples:\n +(\S+ )?(\S+ \| )?.*sluice /),
      ]);
    }
  });
});
