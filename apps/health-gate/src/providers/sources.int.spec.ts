import type { IncomingMessage, ServerResponse } from 'node:http';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';

import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';

import type { Measured, MeasurementPort } from './port.js';
import { measurementsOf, okOf, SECRET, serve, type Served, type WithOptions } from './providers.suite.js';

/** A source that takes connections and never says a word. */
async function mute(): Promise<{ readonly url: string; readonly stop: () => void }> {
  const sockets = new Set<Socket>();
  const server: Server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    stop: () => {
      for (const socket of sockets) socket.destroy();
      server.close();
    },
  };
}

const VECTOR = JSON.stringify({ status: 'success', data: { resultType: 'scalar', result: [1, '7'] } });

type Ask = (port: MeasurementPort, source?: string) => Promise<Measured<unknown>>;
const ASKED: readonly (readonly [string, Ask])[] = [
  ['prometheus', (port, source = 'prom') => port.value({ source, query: 'up', at: 1_000 })],
  ['webhook', (port, source = 'judge') => port.webhook({ source, body: {} })],
];

describe.each(ASKED)('a source that does not answer as it should: %s', (kind, ask) => {
  let handle: (request: IncomingMessage, response: ServerResponse) => void;
  let upstream: Served;
  beforeAll(async () => {
    upstream = await serve((request, response) => handle(request, response));
  });
  afterAll(() => upstream.stop());

  const port = (options = '', more: WithOptions = {}) =>
    measurementsOf(
      `prom=prometheus+${upstream.url} auth=env:T ${options}, judge=webhook+${upstream.url}/judge?key=hidden auth=env:T ${options}`,
      { secrets: { 'env:T': SECRET }, ...more },
    );
  /** The error, which holds neither the credential nor an address. */
  const errorOf = async (measurements = port(), source?: string) => {
    const answer = await ask(measurements, source);
    if (answer.kind === 'ok') return expect.unreachable(JSON.stringify(answer));
    expect(answer.words).not.toMatch(/sesame|hidden|127\.0\.0\.1/);
    expect(answer.words.length).toBeLessThan(900);
    return answer;
  };
  const answers = (status: number, text: string, headers: Record<string, string> = {}) => {
    handle = (_, response) => void response.writeHead(status, headers).end(text);
  };

  it('HTML in place of JSON', async () => {
    answers(200, '<html>please log in', { 'content-type': 'text/html; charset=utf-8' });
    expect(await errorOf()).toMatchObject({
      code: 'ANSWER_INVALID',
      words: expect.stringContaining('answers with text/html, not JSON: check its address'),
    });
  });

  it.each([
    [500, 'SOURCE_UNAVAILABLE', 'answers with status 500'],
    [503, 'SOURCE_UNAVAILABLE', 'answers with status 503'],
    [429, 'SOURCE_UNAVAILABLE', 'answers with status 429'],
    [401, 'SOURCE_REFUSED', 'answers with status 401; check its address and credential'],
    [404, 'SOURCE_REFUSED', 'answers with status 404; check its address and credential'],
    [204, 'ANSWER_INVALID', 'not JSON'],
  ])('status %i', async (status, code, words) => {
    answers(status, status === 204 ? '' : '<html>no');
    expect(await errorOf()).toMatchObject({ code, words: expect.stringContaining(words) });
  });

  it.each([500, 503, 429, 403, 404])('status %i, with what would be an answer', async (status) => {
    answers(status, kind === 'webhook' ? '{"verdict":"pass"}' : VECTOR);
    const isPassing = status >= 429;
    expect(await errorOf()).toMatchObject({ code: isPassing ? 'SOURCE_UNAVAILABLE' : 'SOURCE_REFUSED' });
  });

  it('a redirect, which would carry the credential away', async () => {
    const seen: (string | undefined)[] = [];
    const other = await serve(({ headers }, response) => {
      seen.push(headers.authorization);
      response.end(VECTOR);
    });
    answers(307, '', { location: other.url });
    expect(await errorOf()).toMatchObject({ code: 'SOURCE_REFUSED', words: expect.stringContaining('redirect') });
    await other.stop();
    expect(seen).toEqual([]);
  });

  it('more than anybody wants to read, without an end', async () => {
    handle = (_, response) => {
      const more = (): void => {
        while (!response.destroyed && response.write('x'.repeat(65_536))) continue;
      };
      response.on('drain', more);
      more();
    };
    expect(await errorOf(port('timeout=60s'))).toMatchObject({
      code: 'ANSWER_TOO_LARGE',
      words: expect.stringMatching(/more than \d+ bytes: ask for less$/),
    });
  });

  it.each([
    ['nothing', () => undefined],
    ['one byte now and then', (response: ServerResponse) => void response.write(' ')],
  ])('slow: says %s', async (_, say) => {
    handle = (_, response) => say(response);
    expect(await errorOf(port('timeout=200ms'))).toMatchObject({ code: 'SOURCE_TIMEOUT' });
  });

  it('takes the connection, and nothing more', async () => {
    const silent = await mute();
    const measurements = measurementsOf(
      `prom=prometheus+${silent.url} timeout=200ms, judge=webhook+${silent.url} timeout=200ms`,
    );
    expect(await errorOf(measurements)).toMatchObject({ code: 'SOURCE_TIMEOUT' });
    silent.stop();
  });

  it('hangs up in the middle', async () => {
    handle = (_, response) => {
      response.writeHead(200, { 'content-length': '100' });
      response.write('{', () => response.destroy());
    };
    expect(await errorOf()).toMatchObject({ code: 'SOURCE_UNAVAILABLE', words: expect.stringContaining('ECONNRESET') });
  });

  it('nobody listens', async () => {
    const gone = await serve(() => undefined);
    await gone.stop();
    const measurements = measurementsOf(`prom=prometheus+${gone.url}, judge=webhook+${gone.url}`);
    expect(await errorOf(measurements)).toMatchObject({
      code: 'SOURCE_UNAVAILABLE',
      words: `${kind} ${kind === 'webhook' ? 'judge' : 'prom'} cannot be reached: ECONNREFUSED`,
    });
  });

  it('gets its credential, which is read anew for each question', async () => {
    const seen: (string | undefined)[] = [];
    handle = ({ headers }, response) => {
      seen.push(headers.authorization);
      response.end(kind === 'webhook' ? '{"verdict":"pass"}' : VECTOR);
    };
    const secrets: Record<string, string> = { 'env:T': SECRET };
    const measurements = port('', { secrets });
    okOf(await ask(measurements));
    secrets['env:T'] = 'Basic bWU6c2VzYW1l';
    okOf(await ask(measurements));
    expect(seen).toEqual([`Bearer ${SECRET}`, 'Basic bWU6c2VzYW1l']);
  });

  it('repeats the credential: it does not get into words', async () => {
    const said = `you said Bearer ${SECRET} ${SECRET} ${encodeURIComponent(SECRET)} ${Buffer.from(SECRET).toString('base64')}`;
    for (const [status, document] of [
      [400, { status: 'error', errorType: 'bad_data', error: said }],
      [503, { status: 'error', errorType: said, error: said, verdict: said }],
      [200, { verdict: said, status: 'success', data: { resultType: said } }],
      [200, { verdict: 'pass', words: said, values: { [said]: 1 } }],
    ] as const) {
      answers(status, JSON.stringify(document), { 'content-type': `text/${SECRET}` });
      const { words } = await errorOf();
      expect(words).not.toContain(encodeURIComponent(SECRET));
      expect(words).not.toContain(Buffer.from(SECRET).toString('base64'));
    }
  });

  it('has a credential that cannot be read', async () => {
    expect(await errorOf(port('', { secrets: {} }))).toMatchObject({
      code: 'SECRET_UNREADABLE',
      words: expect.stringContaining('cannot be read at env:T: put it there'),
    });
  });

  it('is not configured, or is of another kind', async () => {
    for (const source of ['other', kind === 'webhook' ? 'prom' : 'judge'])
      expect(await errorOf(port(), source)).toMatchObject({
        code: 'SOURCE_UNKNOWN',
        words: expect.stringMatching(/is configured: name it in SLUICE_GATE_SOURCES; there is (prom|judge)$/),
      });
  });

  it('gets no more questions at once than it bears', async () => {
    let [open, most] = [0, 0];
    const held: ServerResponse[] = [];
    handle = (_, response) => {
      open += 1;
      most = Math.max(most, open);
      held.push(response);
    };
    const measurements = port('concurrency=2 timeout=60s');
    const questions = Array.from({ length: 110 }, () => ask(measurements));
    for (let done = 0; done < 102;) {
      await vi.waitFor(() => expect(held.length).toBeGreaterThan(0), { timeout: 30_000, interval: 1 });
      open -= 1;
      done += 1;
      held.shift()?.end(kind === 'webhook' ? '{"verdict":"pass"}' : VECTOR);
    }
    const answered = await Promise.all(questions);
    const codes = answered.map((each) => (each.kind === 'ok' ? 'ok' : each.code));
    expect(most).toBe(2);
    expect(codes.filter((code) => code === 'ok')).toHaveLength(102);
    expect(codes.filter((code) => code === 'SOURCE_BUSY')).toHaveLength(8);
  });

  it('is not waited for when the service stops', async () => {
    const stopping = new AbortController();
    handle = () => stopping.abort();
    expect(await errorOf(port('timeout=60s', { stop: stopping.signal }))).toMatchObject({ code: 'STOPPED' });
    expect(await errorOf(port('timeout=60s', { stop: stopping.signal }))).toMatchObject({ code: 'STOPPED' });
  });
});

describe('a Prometheus behind something else', () => {
  it('is asked by POST below its address, with its warnings told and bounded', async () => {
    const seen: string[] = [];
    const proxy = await serve((request, response) => {
      let body = '';
      request.on('data', (chunk: Buffer) => (body += chunk.toString()));
      request.on('end', () => {
        seen.push(`${request.method} ${request.url} ${request.headers['content-type']} ${body}`);
        const warnings = [`store 7 is down\n${SECRET}`, ...Array.from({ length: 50 }, () => 'x'.repeat(5_000))];
        response.end(JSON.stringify({ ...(JSON.parse(VECTOR) as object), warnings }));
      });
    });
    const text = `far=prometheus+${proxy.url}/tenant/7/ auth=file:/token timeout=5s`;
    const measurements = measurementsOf(text, { secrets: { 'file:/token': SECRET } });
    const answer = await measurements.value({ source: 'far', query: 'a{b="ü&+"}', at: 1_700_000_000_123 });
    await proxy.stop();
    expect(seen).toEqual([
      'POST /tenant/7/api/v1/query application/x-www-form-urlencoded ' +
        'query=a%7Bb%3D%22%C3%BC%26%2B%22%7D&time=1700000000.123&timeout=5.000',
    ]);
    expect(answer).toMatchObject({ kind: 'ok', value: { at: 1_000, value: 7 } });
    const warnings = answer.kind === 'ok' ? (answer.warnings ?? []) : [];
    expect([warnings[0], warnings.length, Math.max(...warnings.map(({ length }) => length))]).toEqual([
      'store 7 is down ***',
      10,
      200,
    ]);
  });
});
