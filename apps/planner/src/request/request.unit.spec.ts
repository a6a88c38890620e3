import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parse as parseYaml } from 'yaml';

import { MAX_REQUEST_BYTES } from './document.js';
import { readRequest } from './request.js';
import { FULL_REQUEST, SAMPLE_REQUEST, toBytes } from './samples.js';

const faultsOf = (document: unknown, subjectApp?: string): readonly string[] =>
  readRequest(toBytes(document), subjectApp).faults.map(({ path, code }) => `${path} ${code}`);

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

describe('readRequest', () => {
  it('reads a sound request without faults', () => {
    const read = readRequest(toBytes(FULL_REQUEST), 'shop');
    expect(read).toMatchObject({ faults: [], requestId: 'ticket-7', group: 'shop-web', fields: FULL_REQUEST });
    expect(read.streamId).toMatch(/^r\d\d-/);
  });

  it('XIM-03 names a document by its content: order and spaces do not matter, YAML and JSON are the same', () => {
    const yaml = `
version: 2.0.0
group: shop-web
app: shop
artifact:
  sha256: ${'ab'.repeat(32)}
  url: https://store.example/shop-2.0.0.tgz
`;
    const fromJson = readRequest(bytes(JSON.stringify(SAMPLE_REQUEST, null, 3)));
    const fromYaml = readRequest(toBytes(parseYaml(yaml)));
    expect(fromYaml).toEqual(fromJson);
    expect(fromJson.requestId).toBe(fromJson.documentHash);
    expect(readRequest(toBytes({ ...SAMPLE_REQUEST, reason: 'again' })).streamId).not.toBe(fromJson.streamId);
  });

  it('names a request with an id by app, group and id, whatever else it says', () => {
    const one = readRequest(toBytes({ ...SAMPLE_REQUEST, id: 'x' }));
    const two = readRequest(toBytes({ ...SAMPLE_REQUEST, id: 'x', version: '3.0.0' }));
    expect(one.streamId).toBe(two.streamId);
    expect(one.documentHash).not.toBe(two.documentHash);
    const hash = readRequest(toBytes(SAMPLE_REQUEST));
    expect(readRequest(toBytes({ ...SAMPLE_REQUEST, id: hash.documentHash })).streamId).not.toBe(hash.streamId);
  });

  it('lists every fault with its path, and says what to do', () => {
    const document = {
      app: 'a.>',
      group: '../..',
      version: '..',
      artifact: { url: 'ftp://x', sha256: 'no', size: 1 },
      batches: 'half',
      'strange/field~': 1,
      verify: { port: 0 },
      interval: null,
    };
    expect(faultsOf(document).toSorted()).toEqual([
      '/app BAD_NAME',
      '/artifact/sha256 BAD_SHA256',
      '/artifact/size UNKNOWN_FIELD',
      '/artifact/url BAD_URL',
      '/batches BATCHES_SYNTAX',
      '/group BAD_NAME',
      '/interval BAD_DURATION',
      '/strange~1field~0 UNKNOWN_FIELD',
      '/verify/port BAD_NUMBER',
      '/version BAD_VERSION',
    ]);
    for (const { message } of readRequest(toBytes(document)).faults) expect(message).toMatch(/must|is no/);
  });

  it('tells a missing field from a wrong one', () => {
    expect(faultsOf({})).toEqual(['/app REQUIRED', '/group REQUIRED', '/version REQUIRED', '/artifact REQUIRED']);
    expect(faultsOf({ ...SAMPLE_REQUEST, artifact: {} })).toEqual([
      '/artifact/url REQUIRED',
      '/artifact/sha256 REQUIRED',
    ]);
    expect(faultsOf({ ...SAMPLE_REQUEST, artifact: 'x' })).toEqual(['/artifact BAD_OBJECT']);
    expect(faultsOf({ ...SAMPLE_REQUEST, profile: { kind: 'docker', image: 'x' } })).toEqual([
      '/profile/kind BAD_CHOICE',
    ]);
  });

  it('finds what a schema cannot say: bytes of a name, secrets in an address, another app on the subject', () => {
    expect(faultsOf({ ...SAMPLE_REQUEST, group: 'ä'.repeat(150) })).toEqual(['/group BAD_NAME']);
    const artifact = { ...SAMPLE_REQUEST.artifact, url: 'https://ana:secret@store.example/x' };
    const read = readRequest(toBytes({ ...SAMPLE_REQUEST, artifact }));
    expect(read.faults.map(({ code }) => code)).toEqual(['SECRET_IN_URL']);
    expect(JSON.stringify(read.faults)).not.toContain('ana:secret');
    expect(faultsOf({ ...SAMPLE_REQUEST, artifact: { ...artifact, url: 'https://[' } })).toEqual([
      '/artifact/url BAD_URL',
    ]);
    const sources = [{ url: 'https://ok.example/x' }, { site: 'ä'.repeat(150), url: 'https://:secret@fra.example/x' }];
    expect(faultsOf({ ...SAMPLE_REQUEST, artifact: { ...SAMPLE_REQUEST.artifact, sources } })).toEqual([
      '/artifact/sources/1/site BAD_NAME',
      '/artifact/sources/1/url SECRET_IN_URL',
    ]);
    expect(faultsOf({ ...SAMPLE_REQUEST, artifact: { ...SAMPLE_REQUEST.artifact, sources: ['x'] } })).toEqual([
      '/artifact/sources BAD_LIST',
    ]);
    expect(faultsOf(SAMPLE_REQUEST, 'cart')).toEqual(['/app APP_MISMATCH']);
    expect(faultsOf(SAMPLE_REQUEST, 'shop')).toEqual([]);
  });

  it.each([
    ['', 'BAD_JSON'],
    ['{', 'BAD_JSON'],
    ['{"app":}', 'BAD_JSON'],
    ['hello', 'BAD_JSON'],
    ['"text"', 'BAD_OBJECT'],
    ['[]', 'BAD_OBJECT'],
    ['null', 'BAD_OBJECT'],
    ['['.repeat(100_000) + ']'.repeat(100_000), 'TOO_DEEP'],
    [`{"a":"${'x'.repeat(MAX_REQUEST_BYTES)}"}`, 'TOO_LARGE'],
  ])('refuses %.20s as a whole', (text, code) => {
    const read = readRequest(bytes(text));
    expect(read.faults.map((fault) => fault.code)).toEqual([code]);
    expect([read.group, read.streamId.slice(0, 1)]).toEqual([undefined, 'q']);
  });

  it('refuses bytes that are no UTF-8, and numbers that JSON cannot hold', () => {
    expect(readRequest(Uint8Array.from([0xff, 0xfe])).faults[0]?.code).toBe('BAD_JSON');
    const huge = JSON.stringify(SAMPLE_REQUEST).replace('}', ',"tailFrom":1e999}').replace('}}', '},"tailFrom":1e999}');
    expect(readRequest(bytes(huge)).faults.length).toBeGreaterThan(0);
  });

  it('takes any bytes and any JSON without throwing, and bounds what it says', () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 60 }), (any) => readRequest(any).faults.length > 0));
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        for (const { path, message } of readRequest(toBytes(value)).faults) {
          expect([path.length <= 1_000, message.length <= 500]).toEqual([true, true]);
        }
      }),
    );
  });
});
