import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import type { Json } from '../port.js';
import { measurementsOf, okOf, serve, type Served } from '../providers.suite.js';

describe('a judge outside', () => {
  let reply = '';
  let told: unknown;
  let judge: Served;
  beforeAll(async () => {
    judge = await serve((request, response) => {
      let body = '';
      request.on('data', (chunk: Buffer) => (body += chunk.toString()));
      request.on('end', () => {
        told = { path: request.url, type: request.headers['content-type'], body: JSON.parse(body) as unknown };
        response.end(reply);
      });
    });
  });
  afterAll(() => judge.stop());

  const ask = (body: Json = {}) =>
    measurementsOf(`judge=webhook+${judge.url}/verdict?team=shop`).webhook({ source: 'judge', body });

  it('is told what is judged, and answers in its words, with its values', async () => {
    reply = JSON.stringify({
      verdict: 'fail',
      words: 'too many\ncomplaints',
      values: { complaints: 7, 'p99.ms': 0.5 },
      more: 1,
    });
    const body = { rollout: '01J', gate: 'judge', side: 'green', window: { from: 1, to: 2 } };
    expect(okOf(await ask(body))).toEqual({
      verdict: 'fail',
      words: 'too many complaints',
      values: { complaints: 7, 'p99.ms': 0.5 },
    });
    expect(told).toEqual({ path: '/verdict?team=shop', type: 'application/json', body });
  });

  it.each(['pass', 'inconclusive'])('may say %s without a reason', async (verdict) => {
    reply = JSON.stringify({ verdict });
    expect(okOf(await ask())).toEqual({ verdict, words: 'webhook judge gives no reason' });
  });

  it('says no more than fits into an event', async () => {
    reply = JSON.stringify({ verdict: 'pass', words: 'x'.repeat(5_000) });
    expect(okOf(await ask()).words).toHaveLength(400);
  });

  it.each([
    '[]',
    'null',
    '"pass"',
    '{}',
    '{"verdict":"PASS"}',
    '{"verdict":"error"}',
    '{"verdict":["pass"]}',
    '{"verdict":"pass","words":7}',
    '{"verdict":"pass","values":{"a":"1"}}',
    '{"verdict":"pass","values":[1]}',
    '{"verdict":"pass","values":{"a":null}}',
    '{"verdict":"pass","values":{"a b":1}}',
    JSON.stringify({ verdict: 'pass', values: Object.fromEntries(Array.from({ length: 51 }, (_, i) => [`v${i}`, i])) }),
  ])('does not pass with %s', async (text) => {
    reply = text;
    expect(await ask()).toMatchObject({
      kind: 'error',
      code: 'ANSWER_INVALID',
      words: expect.stringContaining('docs/gates.md'),
    });
  });

  it('is not told more than it would read', async () => {
    expect(await ask({ text: 'x'.repeat(300_000) })).toMatchObject({ kind: 'error', code: 'QUERY_INVALID' });
  });
});
