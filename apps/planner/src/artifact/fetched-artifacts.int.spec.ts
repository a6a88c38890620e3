import { createHash } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { FetchedArtifacts } from './fetched-artifacts.js';

const BYTES = Buffer.alloc(300_000, 'sluice');
const SHA = createHash('sha256').update(BYTES).digest('hex');
const bounds = { timeoutMs: 60_000, maxBytes: 1_000_000 };

describe('MOM-02 artifacts that are looked at', () => {
  let asked = 0;
  let answer: (response: ServerResponse) => void = (response) => void response.end(BYTES);
  const server = createServer((_, response) => {
    asked += 1;
    answer(response);
  });
  let url: string;
  let folder: string;
  let now = 0;
  const looker = (more = {}) =>
    new FetchedArtifacts({ now: () => now, schedule: () => () => undefined }, { ...bounds, ...more });

  beforeAll(async () => {
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/shop.tgz`;
    folder = await mkdtemp(join(tmpdir(), 'sluice-artifact-'));
    await writeFile(join(folder, 'shop.tgz'), BYTES);
  });
  afterAll(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
    await rm(folder, { recursive: true, force: true });
  });
  const inFolder = (name: string): string => pathToFileURL(join(folder, name)).href;

  it('are the same over HTTP and from a file', async () => {
    expect(await looker().look({ url, sha256: SHA })).toEqual({ kind: 'same' });
    expect(await looker().look({ url: inFolder('shop.tgz'), sha256: SHA })).toEqual({ kind: 'same' });
  });

  it('differ, and what they are instead is not told', async () => {
    for (const place of [url, inFolder('shop.tgz')]) {
      const look = await looker().look({ url: place, sha256: '0'.repeat(64) });
      expect(look).toEqual({ kind: 'differs', words: 'the bytes there have another sha256' });
    }
  });

  it('are missing when they are not there, too large, no file or cut off', async () => {
    answer = (response) => void response.writeHead(404).end('gone');
    expect(await looker().look({ url, sha256: SHA })).toEqual({
      kind: 'missing',
      words: 'it answered with status 404',
    });
    answer = (response) => void response.end(BYTES);
    const large = await looker({ maxBytes: 1_000 }).look({ url, sha256: SHA });
    expect(large).toEqual({ kind: 'missing', words: 'it has more than 1000 bytes' });
    expect(await looker().look({ url: inFolder('none.tgz'), sha256: SHA })).toMatchObject({
      kind: 'missing',
      words: 'it cannot be read: ENOENT',
    });
    expect(await looker().look({ url: pathToFileURL(folder).href, sha256: SHA })).toMatchObject({
      words: 'it is no file',
    });
    answer = (response) => {
      response.writeHead(200, { 'content-length': String(BYTES.length) });
      response.write(BYTES.subarray(0, 1_000), () => response.destroy());
    };
    expect(await looker().look({ url, sha256: SHA })).toMatchObject({ kind: 'missing' });
  });

  it('are given up when they do not come', async () => {
    answer = (response) => void response.write('slow');
    const look = await looker({ timeoutMs: 300 }).look({ url, sha256: SHA });
    expect(look).toEqual({ kind: 'missing', words: 'it was not there whole within 0.3 s' });
  });

  it('are fetched once for a preview and the request behind it, and again a minute later', async () => {
    answer = (response) => void response.end(BYTES);
    const one = looker();
    const before = asked;
    await Promise.all([one.look({ url, sha256: SHA }), one.look({ url, sha256: SHA })]);
    await one.look({ url, sha256: SHA });
    expect(asked - before).toBe(1);
    now += 60_000;
    await one.look({ url, sha256: SHA });
    expect(asked - before).toBe(2);
  });
});
