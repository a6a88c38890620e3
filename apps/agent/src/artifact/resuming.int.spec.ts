import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

import type { ArtifactRef } from '@sluice/contracts';
import { systemClock } from '@sluice/observability';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';

import { fetchArtifact, type FetchDeps } from './fetch.js';
import { DEFAULT_LIMITS } from './limits.js';

const BYTES = Buffer.from(Array.from({ length: 300_000 }, (_, i) => (i * 31 + (i >> 8)) % 251));
const sha256 = (data: Buffer): string => createHash('sha256').update(data).digest('hex');
const DIGEST = sha256(BYTES);

/** How a server of the test answers; `cutAt` ends the connection after so many bytes of the file. */
interface Manner {
  readonly body?: Buffer;
  readonly etag?: string;
  readonly ranges?: boolean;
  readonly cutAt?: number;
  readonly status?: number;
}

interface Store {
  readonly url: string;
  readonly asked: { readonly range: string | undefined; readonly ifRange: string | undefined }[];
  /** Bytes of bodies that were sent. */
  sent: number;
}

let folder: string;
const servers: Server[] = [];
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sluice-resuming-'));
});
afterEach(async () => {
  for (const name of await readdir(folder)) await rm(join(folder, name), { force: true });
});
afterAll(async () => {
  for (const server of servers) server.close();
  await rm(folder, { recursive: true, force: true });
});

async function listening(server: Server): Promise<string> {
  servers.push(server);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  return `http://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}/artifact`;
}

/** A server that treats its n-th request in the n-th manner, and all later ones in the last. */
async function store(...manners: readonly Manner[]): Promise<Store> {
  const asked: Store['asked'] = [];
  const server = createServer((request, response) => {
    asked.push({ range: request.headers.range, ifRange: request.headers['if-range'] as string | undefined });
    const manner = manners[Math.min(asked.length, manners.length) - 1] ?? {};
    serveAs(manner, request, response, (bytes) => (made.sent += bytes));
  });
  const made: Store = { url: await listening(server), asked, sent: 0 };
  return made;
}

/** Where the answer begins: at the wanted place, or at the beginning for a server or a file that does not go on there. */
function startOf({ etag, ranges = true }: Manner, { headers }: IncomingMessage): number {
  const same = headers['if-range'] === undefined || headers['if-range'] === etag;
  return ranges && same ? Number(/^bytes=(\d+)-$/.exec(headers.range ?? '')?.[1] ?? 0) : 0;
}

function serveAs(manner: Manner, request: IncomingMessage, response: ServerResponse, sent: (n: number) => void): void {
  const { body = BYTES, etag, cutAt, status = 200 } = manner;
  if (status !== 200) return void response.writeHead(status).end();
  const from = startOf(manner, request);
  if (from > 0 && from >= body.length) return void response.writeHead(416).end();
  const end = cutAt === undefined ? body.length : Math.max(from, cutAt);
  if (etag !== undefined) response.setHeader('etag', etag);
  if (from > 0) response.setHeader('content-range', `bytes ${from}-${body.length - 1}/${body.length}`);
  response.writeHead(from > 0 ? 206 : 200, { 'content-length': body.length - from });
  sent(end - from);
  response.write(body.subarray(from, end), () => {
    if (cutAt === undefined) response.end();
    else response.destroy();
  });
}

const deps = (more: Partial<FetchDeps> = {}): FetchDeps => ({
  // Waits between tries pass a hundred times as fast; the bounds of time do not matter here.
  clock: { ...systemClock, schedule: (ms, fire) => systemClock.schedule(ms >= 10_000 ? ms : ms / 100, fire) },
  limits: DEFAULT_LIMITS,
  signal: new AbortController().signal,
  ...more,
});

async function fetched(artifact: Partial<ArtifactRef> & { readonly url: string }, more?: Partial<FetchDeps>) {
  const file = join(folder, 'fetched');
  await fetchArtifact(deps(more), { sha256: DIGEST, ...artifact }, file);
  return readFile(file);
}

describe('agent: a download that breaks off', () => {
  it('goes on where it ended, over several cuts, and fetches no byte twice that it has', async () => {
    const server = await store({ etag: '"a"', cutAt: 100_000 }, { etag: '"a"', cutAt: 220_000 }, { etag: '"a"' });
    expect((await fetched({ url: server.url })).equals(BYTES)).toBe(true);
    expect(server.asked.map(({ ifRange }) => ifRange)).toEqual([undefined, '"a"', '"a"']);
    const starts = server.asked.map(({ range }) => Number(/\d+/.exec(range ?? '0')?.[0]));
    // What was on its way when the connection broke may be lost with it.
    expect(starts[1]).toBeGreaterThan(0);
    expect(starts[1]).toBeLessThanOrEqual(100_000);
    expect(starts[2]).toBeGreaterThan(starts[1] ?? 0);
    expect(server.sent).toBe(BYTES.length + (100_000 - (starts[1] ?? 0)) + (220_000 - (starts[2] ?? 0)));
    expect(await readdir(folder)).toEqual(['fetched']);
  });

  it('begins anew where the server ignores ranges, and where its file is another one by now', async () => {
    const deaf = await store({ ranges: false, cutAt: 100_000 }, { ranges: false });
    expect((await fetched({ url: deaf.url })).equals(BYTES)).toBe(true);
    expect(deaf.sent).toBe(100_000 + BYTES.length);

    const other = Buffer.alloc(BYTES.length, 7);
    const changed = await store({ body: other, etag: '"a"', cutAt: 100_000 }, { etag: '"b"' });
    expect((await fetched({ url: changed.url })).equals(BYTES)).toBe(true);
    expect(changed.asked[1]).toEqual({ range: expect.stringMatching(/^bytes=[1-9]/) as string, ifRange: '"a"' });
    expect(changed.sent).toBe(100_000 + BYTES.length);
  });

  it('trusts the digest alone: remains that do not fit, or are too long, cost one download from the beginning', async () => {
    for (const remains of [Buffer.alloc(90_000, 3), Buffer.alloc(BYTES.length + 10, 3)]) {
      const server = await store({});
      await writeFile(join(folder, 'fetched.part'), remains);
      expect((await fetched({ url: server.url })).equals(BYTES)).toBe(true);
      expect(server.asked).toHaveLength(2);
      expect(server.asked[1]?.range).toBeUndefined();
    }
    const bad = await store({ body: Buffer.alloc(100, 1) });
    await expect(fetched({ url: bad.url })).rejects.toMatchObject({ code: 'BAD_DIGEST' });
    expect(bad.asked).toHaveLength(1);
  });

  it('asks for nothing when all of it is there, as after a crash between the last byte and the end of the step', async () => {
    const server = await store({});
    await writeFile(join(folder, 'fetched.part'), BYTES);
    expect((await fetched({ url: server.url })).equals(BYTES)).toBe(true);
    expect(server.asked).toHaveLength(0);
  });

  it('tries 5xx again within a bound, and 4xx not at all', async () => {
    const ill = await store({ status: 503 });
    await expect(fetched({ url: ill.url })).rejects.toMatchObject({ code: 'DOWNLOAD_FAILED' });
    expect(ill.asked).toHaveLength(4);
    for (const status of [400, 401, 403, 404, 410]) {
      const server = await store({ status });
      const refused = fetched({ url: server.url });
      await expect(refused).rejects.toMatchObject({
        code: 'DOWNLOAD_REFUSED',
        message: expect.stringContaining(`${status}`) as string,
      });
      expect(server.asked).toHaveLength(1);
    }
    const cutting = await store({ ranges: false, cutAt: 1_000 });
    await expect(fetched({ url: cutting.url })).rejects.toMatchObject({ code: 'DOWNLOAD_FAILED' });
    expect(cutting.asked.length).toBeLessThanOrEqual(5);
  });

  it('gives up a connection that brings nothing, and goes on with another', async () => {
    let asked = 0;
    const url = await listening(
      createServer((request, response) => {
        asked += 1;
        if (asked > 1) return serveAs({}, request, response, () => undefined);
        response.writeHead(200, { 'content-length': BYTES.length });
        response.write(BYTES.subarray(0, 50_000));
      }),
    );
    const limits = { ...DEFAULT_LIMITS, stallTimeoutMs: 10_000 };
    const clock = { ...systemClock, schedule: (ms: number, fire: () => void) => systemClock.schedule(ms / 100, fire) };
    expect((await fetched({ url }, { limits, clock })).equals(BYTES)).toBe(true);
    expect(asked).toBe(2);
  });
});

describe('agent: places of an artifact', () => {
  it('TAR-36 asks those of the own site first, then those of every site, then the url, and tells what did not serve', async () => {
    const [near, common, far] = [await store({ status: 404 }), await store({ status: 500 }), await store({})];
    const foreign = await store({});
    const tried: unknown[] = [];
    const sources = [
      { site: 'ams', url: foreign.url },
      { url: `${common.url}?key=secret` },
      { site: 'fra', url: near.url },
    ];
    const bytes = await fetched({ url: far.url, sources }, { site: 'fra', tried: (...told) => tried.push(told) });
    expect(bytes.equals(BYTES)).toBe(true);
    expect(tried).toEqual([[near.url, 'DOWNLOAD_REFUSED'], [common.url, 'DOWNLOAD_FAILED'], [far.url]]);
    expect(foreign.asked).toHaveLength(0);
  });

  it('TAR-36 goes on with the rest from another place, and leaves a place with wrong bytes', async () => {
    const [cut, whole] = [await store({ etag: '"x"', cutAt: 150_000 }), await store({ etag: '"y"' })];
    expect((await fetched({ url: whole.url, sources: [{ url: cut.url }] })).equals(BYTES)).toBe(true);
    expect(whole.asked).toEqual([{ range: expect.stringMatching(/^bytes=[1-9]/) as string, ifRange: undefined }]);

    await writeFile(join(folder, 'stale'), 'stale');
    const tried: unknown[] = [];
    const stale = pathToFileURL(join(folder, 'stale')).href;
    const good = await store({});
    await fetched({ url: good.url, sources: [{ url: stale }] }, { tried: (...told) => tried.push(told) });
    expect(tried).toEqual([[stale, 'BAD_DIGEST'], [good.url]]);
  });

  it('TAR-36 fails with the code of the last place, and never tells a user, a password or a query', async () => {
    const tried: string[] = [];
    const url = 'http://ana:secret@127.0.0.1:1/x?sig=secret';
    const refused = await store({ status: 403 });
    const failing = fetched({ url, sources: [{ url: refused.url }] }, { tried: (place) => tried.push(place) });
    await expect(failing).rejects.toMatchObject({ code: 'DOWNLOAD_FAILED' });
    await expect(failing).rejects.not.toThrow(/secret/);
    expect(tried).toEqual([refused.url, 'http://127.0.0.1:1/x']);
  });
});
