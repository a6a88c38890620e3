import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { bucketOf } from './side.js';

const src = fileURLToPath(new URL('.', import.meta.url));
const examples = join(src, '..', '..', '..', 'examples', 'side');
const ids = Array.from({ length: 40 }, (_, n) => `req-${n}`);

describe.skipIf(!existsSync(join(src, '..', 'dist', 'index.js')))('the example', () => {
  let folder = '';
  let server: ChildProcess;
  let url = '';
  const file = (): string => join(folder, 'weights.json');
  const publish = (percent: number): string =>
    spawnSync(process.execPath, [join(examples, 'publish.mjs'), file(), String(percent)], { encoding: 'utf8' }).stdout;

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'sluice-side-'));
    server = spawn(process.execPath, [join(examples, 'server.mjs'), file()], { stdio: ['ignore', 'pipe', 'inherit'] });
    if (server.stdout === null) expect.unreachable('its output was asked for');
    const [line] = (await once(createInterface(server.stdout), 'line')) as [string];
    url = `http://127.0.0.1:${/\d+/.exec(line)?.[0]}`;
  });
  afterEach(async () => {
    const ended = once(server, 'exit');
    server.kill('SIGKILL');
    await ended;
    rmSync(folder, { recursive: true, force: true });
  });

  const ask = async (headers: Record<string, string>): Promise<string> => (await fetch(url, { headers })).text();
  const onFlop = async (): Promise<string[]> => {
    const answers = await Promise.all(ids.map((id) => ask({ 'x-request-id': id })));
    return ids.filter((_, n) => answers[n] === 'flop: version 2\n');
  };

  it('STR-12 SWB-15 SWB-19 follows the file, and the header of a tester', async () => {
    expect(await onFlop(), 'without a file').toEqual([]);
    expect(publish(25)).toBe('version 1: flip 75, flop 25\n');
    expect(await onFlop()).toEqual(ids.filter((id) => bucketOf(id) >= 7500));
    publish(50);
    expect(await onFlop()).toEqual(ids.filter((id) => bucketOf(id) >= 5000));
    expect(publish(0)).toBe('version 3: flip 100, flop 0\n');
    expect(await onFlop()).toEqual([]);
    expect(await ask({ 'x-sluice-side': 'flop' })).toBe('flop: version 2\n');
    writeFileSync(file(), 'rubbish');
    expect(await onFlop()).toEqual([]);
    const health = (await (await fetch(`${url}/health`)).json()) as { weights: { version: number }; problem: string };
    expect(health.weights.version).toBe(3);
    expect(health.problem).toMatch(/JSON/);
  });
});

describe('the package', () => {
  const sources = readdirSync(src).filter((name) => !/\.(spec|suite)\.ts$/.test(name));
  const texts = sources.map((name) => readFileSync(join(src, name), 'utf8'));

  it('has fewer than 200 lines, and depends on nothing', () => {
    expect(texts.reduce((sum, text) => sum + text.trimEnd().split('\n').length, 0)).toBeLessThan(200);
    const imported = texts.flatMap((text) => [...text.matchAll(/ from '([^']+)'/g)].map(([, from = '']) => from));
    expect(imported.filter((from) => !/^(\.\/|node:)/.test(from))).toEqual([]);
    const manifest = JSON.parse(readFileSync(join(src, '..', 'package.json'), 'utf8')) as Record<string, unknown>;
    expect(manifest['dependencies']).toBeUndefined();
  });

  it('has the same test vectors in its README as here', () => {
    const readme = readFileSync(join(src, '..', 'README.md'), 'utf8');
    const rows = [...readme.matchAll(/^\| `(\S+)` +\| +(\d+) \|$/gm)];
    expect(rows.length).toBe(5);
    for (const [, id = '', bucket] of rows) expect(bucketOf(id), id).toBe(Number(bucket));
  });
});
