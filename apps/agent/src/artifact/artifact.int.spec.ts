import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { createServer, type RequestListener, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { gzipSync } from 'node:zlib';

import { systemClock } from '@sluice/observability';
import { Header, type HeaderData } from 'tar';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { fetchArtifact } from './fetch.js';
import { DEFAULT_LIMITS } from './limits.js';
import { unpack } from './unpack.js';

let folder: string;
const servers: Server[] = [];
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sluice-artifact-'));
});
afterAll(async () => {
  for (const server of servers) server.close();
  await rm(folder, { recursive: true, force: true });
});

const sha256 = (data: string | Buffer): string => createHash('sha256').update(data).digest('hex');

interface Entry extends HeaderData {
  readonly body?: string;
}

function tarOf(entries: readonly Entry[]): Buffer {
  const blocks = entries.flatMap(({ body = '', ...data }) => {
    const header = new Header({ mode: 0o644, size: Buffer.byteLength(body), type: 'File', ...data });
    const block = Buffer.alloc(512);
    header.encode(block);
    const padded = Buffer.alloc(Math.ceil(Buffer.byteLength(body) / 512) * 512);
    padded.write(body);
    return [block, padded];
  });
  return Buffer.concat([...blocks, Buffer.alloc(1_024)]);
}

let count = 0;
async function unpacked(bytes: Buffer, limits = DEFAULT_LIMITS): Promise<string> {
  count += 1;
  const file = join(folder, `archive-${count}`);
  const target = join(folder, `tree-${count}`);
  await writeFile(file, bytes);
  await mkdir(target);
  await unpack({ file, folder: target, limits, signal: new AbortController().signal });
  return target;
}

describe('agent: unpack', () => {
  const good: readonly Entry[] = [
    { path: './', type: 'Directory' },
    { path: './bin/', type: 'Directory', mode: 0o700 },
    { path: './bin/run', body: '#!/bin/sh\n', mode: 0o4777 },
    { path: './read.me', body: 'hello', mode: 0 },
  ];

  it.each([
    ['tar', (bytes: Buffer) => bytes],
    ['tar.gz', (bytes: Buffer) => gzipSync(bytes)],
  ])('takes files and folders of a %s, with plain modes', async (_kind, pack) => {
    const tree = await unpacked(pack(tarOf(good)));
    expect(await readFile(join(tree, 'read.me'), 'utf8')).toBe('hello');
    expect((await stat(join(tree, 'bin/run'))).mode & 0o7777).toBe(0o755);
    expect((await stat(join(tree, 'read.me'))).mode & 0o7777).toBe(0o600);
  });

  const hostile: readonly (readonly [string, readonly Entry[]])[] = [
    ['climbs', [{ path: '../evil', body: 'x' }]],
    ['climbs in the middle', [{ path: 'a/../../evil', body: 'x' }]],
    ['absolute', [{ path: '/tmp/evil', body: 'x' }]],
    ['windows drive', [{ path: 'C:/evil', body: 'x' }]],
    ['symbolic link', [{ path: 'link', type: 'SymbolicLink', linkpath: '/etc/passwd' }]],
    ['hard link', [{ path: 'link', type: 'Link', linkpath: 'read.me' }]],
    ['character device', [{ path: 'null', type: 'CharacterDevice', devmaj: 1, devmin: 3 }]],
    ['block device', [{ path: 'sda', type: 'BlockDevice', devmaj: 8, devmin: 0 }]],
    ['pipe', [{ path: 'pipe', type: 'FIFO' }]],
    [
      'twice the same name',
      [
        { path: 'a', body: '1' },
        { path: './a', body: '2' },
      ],
    ],
    [
      'a file as a folder',
      [
        { path: 'a', body: '1' },
        { path: 'a/b', body: '2' },
      ],
    ],
    ['control characters', [{ path: 'a\u001b[2J', body: '1' }]],
    ['nothing at all', []],
  ];

  it.each(hostile)('refuses an archive: %s', async (_name, entries) => {
    const bytes = tarOf([...(entries.length === 0 ? [] : good), ...entries]);
    await expect(unpacked(bytes)).rejects.toMatchObject({ code: 'BAD_ARCHIVE' });
    const tree = await readdir(join(folder, `tree-${count}`));
    // A file in the place of a folder is seen when it is written; all else before the first byte is.
    expect(tree.filter((name) => name !== 'a' && !good.some(({ path }) => path?.split('/')[1] === name))).toEqual([]);
    await expect(stat(join(folder, 'evil'))).rejects.toThrow('ENOENT');
  });

  it('refuses garbage, a broken gzip and a tar that ends too early', async () => {
    const whole = tarOf(good);
    for (const bytes of [
      Buffer.from('no tar at all'),
      Buffer.alloc(4_096, 7),
      gzipSync(whole).subarray(0, 60),
      whole.subarray(0, 1_100),
      Buffer.alloc(0),
    ]) {
      await expect(unpacked(bytes)).rejects.toMatchObject({ code: 'BAD_ARCHIVE' });
    }
  });

  it('refuses too many entries and too many bytes', async () => {
    await expect(unpacked(tarOf(good), { ...DEFAULT_LIMITS, maxEntries: 3 })).rejects.toMatchObject({
      code: 'BAD_ARCHIVE',
    });
    await expect(unpacked(tarOf(good), { ...DEFAULT_LIMITS, maxUnpackedBytes: 14 })).rejects.toMatchObject({
      code: 'BAD_ARCHIVE',
    });
    await unpacked(tarOf(good), { ...DEFAULT_LIMITS, maxEntries: 4, maxUnpackedBytes: 15 });
  });
});

async function serve(listener: RequestListener): Promise<string> {
  const server = createServer(listener);
  servers.push(server);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  return `http://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}`;
}

async function fetched(url: string, digest: string, limits: Partial<typeof DEFAULT_LIMITS> = {}): Promise<string> {
  const file = join(folder, 'fetched');
  await rm(`${file}.part`, { force: true });
  const deps = { clock: systemClock, limits: { ...DEFAULT_LIMITS, ...limits }, signal: new AbortController().signal };
  await fetchArtifact(deps, { url, sha256: digest }, file);
  return readFile(file, 'utf8');
}

describe('agent: fetch', () => {
  it('takes http, with redirects and after a server that stumbled, and file://', async () => {
    let tries = 0;
    const url = await serve((request, response) => {
      if (request.url === '/from') return void response.writeHead(302, { location: '/to' }).end();
      tries += 1;
      response.writeHead(tries === 1 ? 503 : 200).end('bytes');
    });
    expect(await fetched(`${url}/from`, sha256('bytes'))).toBe('bytes');
    expect(tries).toBe(2);
    await writeFile(join(folder, 'a file'), 'bytes');
    expect(await fetched(pathToFileURL(join(folder, 'a file')).href, sha256('bytes'))).toBe('bytes');
  });

  it('leaves no file behind when the digest is another, the file too large or too slow, or the scheme changes', async () => {
    await writeFile(join(folder, 'secret'), 'secret');
    const secret = pathToFileURL(join(folder, 'secret')).href;
    const url = await serve((request, response) => {
      if (request.url === '/file') return void response.writeHead(302, { location: secret }).end();
      if (request.url === '/round') return void response.writeHead(302, { location: '/round' }).end();
      if (request.url === '/none') return void response.writeHead(404).end();
      response.writeHead(200).write('bytes');
      if (request.url !== '/slow') response.end();
    });
    const digest = sha256('bytes');
    await expect(fetched(`${url}/`, sha256('other'))).rejects.toMatchObject({ code: 'BAD_DIGEST' });
    await expect(fetched(`${url}/`, digest, { maxBytes: 4 })).rejects.toMatchObject({ code: 'TOO_LARGE' });
    await expect(fetched(`${url}/slow`, digest, { downloadTimeoutMs: 150 })).rejects.toMatchObject({
      code: 'DOWNLOAD_TIMEOUT',
    });
    for (const path of ['/file', '/round', '/none']) {
      await expect(fetched(`${url}${path}`, digest)).rejects.toMatchObject({ code: 'DOWNLOAD_REFUSED' });
    }
    for (const other of [
      'file:///',
      pathToFileURL(folder).href,
      pathToFileURL(join(folder, 'missing')).href,
      'file://elsewhere/x',
      'ftp://x/y',
      'x',
    ]) {
      await expect(fetched(other, digest), other).rejects.toMatchObject({ code: 'DOWNLOAD_REFUSED' });
    }
    await expect(stat(join(folder, 'fetched'))).rejects.toThrow('ENOENT');
  });

  it('gives up on a server that is gone after a few tries', async () => {
    await expect(fetched('http://127.0.0.1:1/x', sha256(''))).rejects.toMatchObject({ code: 'DOWNLOAD_FAILED' });
  });
});
