import { SluiceError } from '@sluice/kernel';
import { describe, expect, it } from 'vitest';

import type { Exchanged } from '../http/exchange.js';
import { Matcher, missesOf } from './checks.js';
import type { SmokeExpectation } from './port.js';
import { headersOf, requestOf } from './requests.js';
import { digestOf, percentilesOf } from './tally.js';

describe('a request', () => {
  it('is taken with what it needs, and without what belongs to the connection that it was recorded on', () => {
    const headers = {
      Cookie: 'a=b',
      'Content-Length': '99',
      Connection: 'close',
      'Accept-Encoding': 'gzip',
      Host: 'shop',
    };
    const expected = { status: [200, 304], contains: 'ok', matches: '^o', maxMs: 50 };
    const recorded = {
      method: 'POST',
      path: '/a?b=%20',
      headers,
      body: { n: 1 },
      ...expected,
      at: 7,
      note: 'x',
    };
    expect(requestOf(recorded, 'line 1')).toEqual({
      ...{ method: 'POST', path: '/a?b=%20', headers: { cookie: 'a=b', host: 'shop' } },
      ...{ body: '{"n":1}', ...expected },
    });
    expect(requestOf({ path: '/' }, 'line 1')).toEqual({ path: '/' });
  });

  it.each([
    ['GET /', 'wants a request such as'],
    [{ method: 'GET' }, 'path begins with /'],
    [{ path: 'http://elsewhere/' }, 'path begins with /'],
    [{ path: '/ü' }, 'path begins with /'],
    [{ path: '/a b' }, 'path begins with /'],
    [{ path: '/', method: 'CONNECT' }, 'method is one of GET'],
    [{ path: '/', method: 'get' }, 'method is one of GET'],
    [{ path: '/', statsu: 200 }, 'holds "statsu"; what it may hold is method, path'],
    [{ path: '/', constructor: 1 }, 'holds "constructor"'],
    [{ path: '/', body: 'x' }, 'GET has no body'],
    [{ path: '/', headers: [] }, 'headers is an object'],
    [{ path: '/', headers: { a: 'x\r\ny: z' } }, 'the header a is no text'],
    [{ path: '/', headers: { 'a b': 'x' } }, 'a header has a name that is none'],
    [{ path: '/', status: '200' }, 'status is a status'],
    [{ path: '/', status: [] }, 'status is a status'],
    [{ path: '/', contains: '' }, 'contains is a text'],
    [{ path: '/', matches: '(' }, 'matches is a regular expression'],
    [{ path: '/', maxMs: 0 }, 'maxMs is a number'],
  ])('%j is refused', (value, words) => {
    const message = expect.stringContaining(`line 7: ${words}`);
    expect(() => requestOf(value, 'line 7')).toThrow(expect.objectContaining({ code: 'RECORDING_INVALID', message }));
  });

  it('is refused without its headers told', () => {
    const wrong = (what: string) => new SluiceError('X', what);
    expect(() => headersOf({ authorization: 'Bearer sesäme' }, wrong)).toThrow(
      /^the header authorization is no text of/,
    );
  });
});

describe('an answer', () => {
  const answer = (change: Partial<Exchanged> = {}): Exchanged => ({
    status: 200,
    type: '',
    text: 'hello',
    isCut: false,
    ...change,
  });
  const checks = (change: Partial<Exchanged>, wanted: SmokeExpectation, matcher = new Matcher()) =>
    missesOf(answer(change), 10, wanted, matcher).map(({ check, words }) => `${check}: ${words}`);

  it.each([
    [{}, {}, []],
    [{ status: 204 }, {}, []],
    [{ status: 302 }, {}, ['status: status 302, wanted 2xx']],
    [{ status: 404 }, { status: 404 }, []],
    [{ status: 500 }, { status: [200, 404] }, ['status: status 500, wanted 200 or 404']],
    [{}, { contains: 'ell', matches: '^h.*o$' }, []],
    [{}, { contains: 'x' }, ['body: the body of 5 characters does not contain "x"']],
    [{}, { matches: '^x' }, ['body: the body of 5 characters does not match "^x"']],
    [{ isCut: true }, { contains: 'x' }, ['body: the first 262144 bytes of the body does not contain "x"']],
    [{ status: 500 }, { maxMs: 5 }, ['status: status 500, wanted 2xx', 'latency: took 10 ms > 5 ms']],
    [{}, { maxMs: 10 }, []],
  ])('%j for %j: %j', (change, wanted, said) => {
    expect(checks(change, wanted)).toEqual(said);
  });

  it('cannot stop the service with an expression that takes years', () => {
    const text = `${'a'.repeat(60)}!`;
    const matcher = new Matcher(50);
    const slow = (pattern: string) => `body: the body of 61 characters takes too long to match "${pattern}"`;
    for (const pattern of ['^(a+)+$', '^(a+)+$', '^(a|a)+$', '^(a|aa)+$'])
      expect(checks({ text }, { matches: pattern }, matcher)).toEqual([slow(pattern)]);
    // Three of them are enough: the rest of the run goes without.
    expect(checks({ text }, { matches: 'a!$' }, matcher)).toEqual([slow('a!$')]);
    expect(checks({ text }, { matches: 'a!$' })).toEqual([]);
  });
});

it('percentiles are latencies that were seen', () => {
  expect(percentilesOf([])).toBeUndefined();
  expect(percentilesOf([7])).toEqual({ p50: 7, p90: 7, p99: 7, max: 7 });
  const hundred = Array.from({ length: 100 }, (_, i) => 100 - i);
  expect(percentilesOf(hundred)).toEqual({ p50: 50, p90: 90, p99: 99, max: 100 });
});

it('the digest says whether the same was sent', () => {
  const digest = digestOf([{ path: '/a' }, { path: '/b' }]);
  expect(digest).toMatch(/^sha256:[0-9a-f]{64}$/);
  expect(digestOf([{ path: '/a' }, { path: '/b' }])).toBe(digest);
  for (const other of [
    [{ path: '/b' }, { path: '/a' }],
    [{ path: '/a' }],
    [{ path: '/a' }, { path: '/b', status: 200 }],
  ])
    expect(digestOf(other)).not.toBe(digest);
});
