import { chmod, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { parseWeightDocument, type WeightDocument } from '@sluice/contracts';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { codeOf } from '../balancer/haproxy.suite.js';
import { FilePublisher } from './file-publisher.js';
import { HookCapacity } from './hook-capacity.js';
import type { SidePlace } from './ports.js';

const documentOf = (version: number): WeightDocument => ({
  ...{ v: 1, group: 'shop', version, rolloutId: null, since: version },
  weights: { blue: 100 - (version % 101), green: version % 101 },
});

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sluice-weights-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

describe('weights in a file', () => {
  it('SWB-05 whoever reads it at any moment finds one whole document, and never an older one than before', async () => {
    const files = new FilePublisher(join(folder, 'web'));
    await files.publish('shop', documentOf(1));
    let over = false;
    let reads = 0;
    const reader = (async () => {
      for (let last = 0; !over; reads += 1) {
        const { version } = parseWeightDocument(await readFile(join(folder, 'web', 'shop.json')));
        expect(version).toBeGreaterThanOrEqual(last);
        last = version;
      }
    })();
    for (let version = 2; version <= 60; version += 1) await files.publish('shop', documentOf(version));
    over = true;
    await reader;
    expect(reads).toBeGreaterThan(1);
    expect(await readdir(join(folder, 'web')), 'no draft is left').toEqual(['shop.json']);
    expect(parseWeightDocument(await readFile(join(folder, 'web', 'shop.json'))).version).toBe(60);
  });

  it('leaves its folder for nobody', async () => {
    const files = new FilePublisher(folder);
    expect(await codeOf(files.publish('../shop', documentOf(1)))).toBe('DEPENDENCY_REFUSED');
    expect(await codeOf(files.publish('.ssh', documentOf(1)))).toBe('DEPENDENCY_REFUSED');
  });
});

const place: SidePlace = {
  ...{ rollout: 'r00-1', group: 'shop', app: 'shop', version: '2.0.0', side: 'green', role: 'new', capacity: 'mine' },
  artifact: { url: 'file:///shop.tgz', sha256: 'a'.repeat(64) },
  services: [{ name: 'web' }, { name: 'search' }],
};

describe('a hook that keeps the capacity', () => {
  /** A script of the user, which keeps what it was told beside itself. */
  const hook = async (body: string, withinMs = 10_000): Promise<HookCapacity> => {
    const path = join(folder, 'scale');
    await writeFile(path, `#!/bin/sh\nhere=$(dirname "$0")\n${body}\n`);
    await chmod(path, 0o755);
    return new HookCapacity([path, '--cluster', 'main'], withinMs);
  };

  it('is asked in JSON and answers in JSON', async () => {
    const scaler = await hook(`
cat > "$here/asked.json"
echo "$@" > "$here/arguments"
case $(cat "$here/asked.json") in
  *'"op":"look"'*) echo '{"services":[{"service":"search","desired":1,"created":1,"ready":0},{"service":"web","desired":3,"created":2,"ready":2}]}' ;;
  *'"op":"retire"'*) echo '{"words":"scaled to nothing"}' ;;
esac`);
    expect(await scaler.look(place)).toEqual([
      { service: 'web', desired: 3, created: 2, ready: 2 },
      { service: 'search', desired: 1, created: 1, ready: 0 },
    ]);
    await scaler.scale(place, [{ service: 'web', desired: 25 }]);
    const asked = JSON.parse(await readFile(join(folder, 'asked.json'), 'utf8')) as unknown;
    const { capacity: _, ...rest } = place;
    expect(asked).toEqual({ v: 1, op: 'scale', ...rest, wanted: [{ service: 'web', desired: 25 }] });
    expect(await readFile(join(folder, 'arguments'), 'utf8')).toBe('--cluster main\n');
    expect(await scaler.retire(place)).toBe('scaled to nothing');
  });

  it('is bounded: what hangs is killed with all that it has started, and what talks without end too', async () => {
    const hanging = await hook('sleep 600 & echo $! > "$here/child"; wait', 500);
    expect(await codeOf(hanging.look(place))).toBe('PROGRAM_SLOW');
    const child = Number(await readFile(join(folder, 'child'), 'utf8'));
    await expect.poll(() => isThere(child), { timeout: 30_000 }).toBe(false);
    expect(await codeOf((await hook('exec yes')).look(place))).toBe('PROGRAM_FAILED');
  });

  it('says what is wrong: a status, no JSON, a service that is not told of, a refusal, no program', async () => {
    const codes: unknown[] = [];
    for (const body of [
      'echo "no such cluster" >&2; exit 3',
      'echo hello',
      `echo '{"services":[{"service":"web","desired":1,"created":1,"ready":1}]}'`,
      `echo '{"services":[{"service":"web","desired":-1,"created":1,"ready":1}]}'`,
      `echo '{"refused":"the quota is used up"}'`,
    ])
      codes.push(await codeOf((await hook(body)).look(place)));
    codes.push(await codeOf(new HookCapacity([join(folder, 'nothing')]).look(place)));
    expect(codes).toEqual([
      ...['HOOK_FAILED', 'HOOK_ANSWER', 'HOOK_ANSWER', 'HOOK_ANSWER'],
      ...['DEPENDENCY_REFUSED', 'PROGRAM_FAILED'],
    ]);
    const failing = await hook('echo "no such cluster" >&2; exit 3');
    await expect(failing.look(place)).rejects.toThrow('no such cluster');
  });

  it('is not handed the credentials of this process', async () => {
    const scaler = await hook('env > "$here/env"; echo "{}"');
    await scaler.scale(place, []);
    const names = (await readFile(join(folder, 'env'), 'utf8')).split('\n').map((line) => line.split('=')[0]);
    expect(names.filter((name) => name?.startsWith('SLUICE_') || name?.startsWith('VITEST'))).toEqual([]);
  });
});

/** A process that has ended and waits for its parent is not there any more. */
async function isThere(pid: number): Promise<boolean> {
  try {
    return !/^State:\s+Z/m.test(await readFile(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return false;
  }
}
