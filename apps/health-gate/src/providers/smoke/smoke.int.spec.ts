import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';

import { measurementsOf, okOf, SECRET, serve, type Served, type WithOptions } from '../providers.suite.js';
import type { SmokeQuestion, SmokeRequest } from './port.js';

const QUICK = { perSecond: 500, concurrency: 8 } as const;
const ALL_GOOD = { checks: { answer: 0, status: 0, body: 0, latency: 0 }, examples: [], skipped: 0, unsent: 0 };

describe('smoke tests', () => {
  let handle: (request: IncomingMessage, response: ServerResponse, body: string) => void;
  let app: Served;
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'sluice-recordings-'));
    app = await serve((request, response) => {
      let body = '';
      request.on('data', (chunk: Buffer) => (body += chunk.toString()));
      request.on('end', () => handle(request, response, body));
    });
  });
  beforeEach(() => {
    handle = (_, response) => void response.end('hello 2.0.0');
  });
  afterAll(async () => {
    await app.stop();
    await rm(folder, { recursive: true });
  });

  const smoke = (question: Partial<SmokeQuestion>, options = '', more: WithOptions = {}) =>
    measurementsOf(`app=smoke+${app.url}/base recording=${join(folder, 'shop.jsonl')} ${options}`, more).smoke({
      source: 'app',
      send: { kind: 'synthetic', requests: [{ path: '/' }] },
      ...QUICK,
      ...question,
    });
  const synthetic = (requests: readonly SmokeRequest[], question: Partial<SmokeQuestion> = {}, options = '') =>
    smoke({ send: { kind: 'synthetic', requests }, ...question }, options);
  const recorded = async (lines: readonly unknown[], question: Partial<SmokeQuestion> = {}) => {
    const text = lines.map((line) => (typeof line === 'string' ? line : JSON.stringify(line))).join('\n');
    await writeFile(join(folder, 'shop.jsonl'), text);
    return smoke({ send: { kind: 'recorded' }, ...question });
  };

  it('pass when every answer is as expected', async () => {
    const requests = Array.from({ length: 20 }, (_, i) => ({ path: `/${i}`, matches: '^hello 2' }));
    const result = okOf(await synthetic(requests));
    expect(result).toMatchObject({ sent: 20, passed: 20, failed: 0, error: 0, ...ALL_GOOD });
    expect(result.latencyMs?.max).toBeGreaterThan(0);
  });

  it('send recorded requests as they were: method, path, headers and body', async () => {
    const seen: string[] = [];
    handle = ({ method, url, headers }, response, body) => {
      seen.push(`${method} ${url} ${headers.cookie} ${String(headers['x-sluice-side'])} ${headers.host} ${body}`);
      response.end('ok');
    };
    const lines = [
      { path: '/cart?id=7', headers: { Cookie: 'a=b', Host: 'shop.example', 'X-Sluice-Side': 'blue' } },
      '',
      { method: 'POST', path: '/cart', body: { n: 1 }, headers: { host: 'shop.example' } },
    ];
    const question = { headers: { 'x-sluice-side': 'green' }, mutating: true };
    expect(okOf(await recorded(lines, question))).toMatchObject({ sent: 2, passed: 2 });
    // The path stands behind that of the address, and the question's headers win over what was recorded.
    expect(seen.toSorted()).toEqual([
      'GET /base/cart?id=7 a=b green shop.example ',
      'POST /base/cart undefined green shop.example {"n":1}',
    ]);
  });

  it('leave out what would change something unless that is said, and count it', async () => {
    const seen: unknown[] = [];
    handle = ({ method }, response) => {
      seen.push(method);
      response.end();
    };
    const lines = [{ path: '/' }, { path: '/', method: 'DELETE' }, { path: '/', method: 'POST', body: 'x' }];
    expect(okOf(await recorded(lines))).toMatchObject({ sent: 1, passed: 1, skipped: 2 });
    expect(seen).toEqual(['GET']);
    expect(await recorded(lines.slice(1))).toMatchObject({
      kind: 'error',
      code: 'SMOKE_EMPTY',
      words: expect.stringContaining('record some that only read'),
    });
  });

  it('never pass without having sent something', async () => {
    for (const answer of [await recorded(['', ' ']), await synthetic([])])
      expect(answer).toMatchObject({ kind: 'error', code: 'SMOKE_EMPTY' });
  });

  it('count by check what is not as expected, with examples that hold no query and no body', async () => {
    handle = ({ url }, response) => void response.writeHead(url?.includes('bad') === true ? 503 : 200).end('sesame');
    const requests = Array.from({ length: 12 }, (_, i) => ({
      path: i % 2 === 0 ? `/bad/${i}?token=sesame` : `/${i}`,
      contains: 'welcome',
    }));
    const result = okOf(await synthetic(requests, { concurrency: 1 }));
    expect(result).toMatchObject({ sent: 12, passed: 0, failed: 12, error: 0 });
    expect(result.checks).toEqual({ answer: 0, status: 6, body: 12, latency: 0 });
    expect(result.examples).toHaveLength(5);
    expect(result.examples[0]).toEqual({
      ...{ n: 1, request: 'GET /bad/0?...', check: 'status', words: 'status 503, wanted 2xx' },
    });
    expect(JSON.stringify(result)).not.toContain('sesame');
  });

  it('do not follow a redirect', async () => {
    handle = (_, response) => void response.writeHead(302, { location: app.url }).end();
    expect(okOf(await smoke({}))).toMatchObject({ sent: 1, failed: 1, checks: { status: 1 } });
    expect(okOf(await synthetic([{ path: '/', status: 302 }]))).toMatchObject({ passed: 1 });
  });

  it('see an answer that comes too late', async () => {
    handle = (_, response) => void setTimeout(() => response.end(), 60);
    const result = okOf(
      await synthetic([
        { path: '/', maxMs: 20 },
        { path: '/', maxMs: 30_000 },
      ]),
    );
    expect(result).toMatchObject({ sent: 2, passed: 1, failed: 1, checks: { latency: 1 } });
    expect(result.latencyMs?.p50).toBeGreaterThan(20);
  });

  it.each([
    [
      'is dead',
      'ECONNREFUSED',
      '',
      async () => {
        const gone = await serve(() => undefined);
        await gone.stop();
        return gone.url;
      },
    ],
    [
      'never answers',
      'no answer within 100 ms',
      'timeout=100ms',
      () => {
        handle = () => undefined;
        return Promise.resolve(app.url);
      },
    ],
    [
      'hangs up',
      'ECONNRESET',
      '',
      () => {
        handle = (_, response) => void response.destroy();
        return Promise.resolve(app.url);
      },
    ],
  ])('count as error what gets no answer: one that %s', async (_, words, options, start) => {
    const baseUrl = await start();
    const result = okOf(await synthetic([{ path: '/' }, { path: '/x' }], { place: { baseUrl } }, options));
    expect(result).toMatchObject({ sent: 2, passed: 0, failed: 0, error: 2, checks: { answer: 2 } });
    expect(result.examples).toMatchObject([
      { n: 1, words },
      { n: 2, words },
    ]);
    expect(result.latencyMs).toBeUndefined();
  });

  it('read no more of an answer than they look at', async () => {
    handle = (_, response) => {
      const more = (): void => {
        while (!response.destroyed && response.write('x'.repeat(65_536))) continue;
      };
      response.on('drain', more);
      more();
    };
    const requests = [
      { path: '/', contains: 'xxx' },
      { path: '/', contains: 'end' },
    ];
    expect(okOf(await synthetic(requests, {}, 'timeout=60s'))).toMatchObject({ passed: 1, failed: 1 });
  });

  it('keep to their rate and to so many at once', async () => {
    let [open, most] = [0, 0];
    handle = (_, response) => {
      open += 1;
      most = Math.max(most, open);
      setTimeout(() => {
        open -= 1;
        response.end();
      }, 30);
    };
    const requests = Array.from({ length: 10 }, () => ({ path: '/' }));
    const result = okOf(await synthetic(requests, { perSecond: 40, concurrency: 2 }));
    expect(result.passed).toBe(10);
    expect(most).toBeLessThanOrEqual(2);
    // Nine pauses of 25 ms lie between ten requests.
    expect(result.elapsedMs).toBeGreaterThan(220);
  });

  it('end when their time is over, and tell what was not sent', async () => {
    const requests = Array.from({ length: 100 }, () => ({ path: '/' }));
    const result = okOf(await synthetic(requests, { perSecond: 10, timeoutMs: 250 }));
    expect(result.sent).toBeLessThanOrEqual(3);
    expect(result.sent + result.unsent).toBe(100);
    expect(result.passed).toBe(result.sent);
  });

  it('are not waited for when the service stops', async () => {
    const stopping = new AbortController();
    handle = () => stopping.abort();
    expect(await smoke({ perSecond: 0.001 }, '', { stop: stopping.signal })).toMatchObject({ code: 'STOPPED' });
  });

  it('go to one host by its name, or to an address that a fact tells, which gets no credential', async () => {
    const seen: (string | undefined)[] = [];
    handle = ({ headers, url }, response) => {
      seen.push(`${url} ${headers.authorization}`);
      response.end();
    };
    const text = `app=smoke+http://{host}:${app.port} auth=env:T, fixed=smoke+${app.url}/base auth=env:T`;
    const measurements = measurementsOf(text, { secrets: { 'env:T': SECRET } });
    const send = {
      kind: 'synthetic',
      requests: [{ path: '/x', headers: { authorization: 'Bearer recorded' } }],
    } as const;
    for (const question of [
      { source: 'app', place: { host: 'localhost' } },
      { source: 'fixed' },
      { source: 'app', place: { baseUrl: `${app.url}/dark/` } },
    ])
      expect(okOf(await measurements.smoke({ ...question, send }))).toMatchObject({ passed: 1 });
    expect(seen).toEqual([`/x Bearer ${SECRET}`, `/base/x Bearer ${SECRET}`, '/dark/x Bearer recorded']);
    for (const [question, words] of [
      [{ source: 'app' }, 'wants a host for the {host}'],
      [{ source: 'fixed', place: { host: 'localhost' } }, 'has no {host} in its address'],
      [{ source: 'app', place: { host: 'a/b' } }, 'no name of a host'],
      [{ source: 'app', place: { host: 'me@a' } }, 'no name of a host'],
      [{ source: 'app', place: { baseUrl: 'http://me:sesame@a' } }, 'not http://host:port/path'],
      [{ source: 'app', place: { baseUrl: 'file:///etc/passwd' } }, 'not http://host:port/path'],
    ] as const)
      expect(await measurements.smoke({ ...question, send })).toMatchObject({
        kind: 'error',
        code: 'QUERY_INVALID',
        words: expect.stringContaining(words),
      });
  });

  it.each([
    ['{"path":"/"', 'shop.jsonl line 2 is no JSON'],
    [{ path: '/', stat: 1 }, 'shop.jsonl line 2: holds "stat"'],
    [{ path: '/', headers: { a: 'x'.repeat(270_000) } }, 'shop.jsonl line 2 has more than 262144 characters'],
  ])('refuse a recording with a line that cannot be sent: %j', async (line, words) => {
    expect(await recorded([{ path: '/' }, line])).toMatchObject({
      code: 'RECORDING_INVALID',
      words: expect.stringContaining(words),
    });
  });

  it('refuse a recording that is not there, is no file or is not configured', async () => {
    for (const [option, words] of [
      [`recording=${folder}/none.jsonl`, 'none.jsonl cannot be read: put it where'],
      [`recording=${folder}`, 'is no file'],
      ['', 'give it recording=/path in SLUICE_GATE_SOURCES'],
    ] as const) {
      const measurements = measurementsOf(`app=smoke+${app.url} ${option}`);
      const answer = await measurements.smoke({ source: 'app', send: { kind: 'recorded' } });
      expect(answer).toMatchObject({ code: 'RECORDING_INVALID', words: expect.stringContaining(words) });
    }
  });

  it('send no more of a recording than is asked for', async () => {
    const lines = Array.from({ length: 30 }, (_, i) => ({ path: `/${i}` }));
    const send = { kind: 'recorded', limit: 7 } as const;
    expect(okOf(await recorded(lines, { send }))).toMatchObject({ sent: 7, unsent: 0 });
  });

  it.each([
    [{ perSecond: 0 }, 'perSecond of a smoke test is above 0 and at most 500'],
    [{ perSecond: Number.NaN }, 'perSecond'],
    [{ concurrency: 33 }, 'concurrency of a smoke test is above 0 and at most 32'],
    [{ timeoutMs: 600_001 }, 'timeoutMs'],
    [{ headers: { 'a b': 'c' } }, 'the question: a header has a name that is none'],
  ])('refuse the question %j', async (change, words) => {
    expect(await smoke(change)).toMatchObject({ kind: 'error', words: expect.stringContaining(words) });
  });
});
