import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

import { isSluiceError } from '@sluice/kernel';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { HttpCmdb, type HttpCmdbOptions } from './http-cmdb.js';

const SECRET = 'sesame-0815';

describe('HttpCmdb', () => {
  const server = createServer((request, response) => handle(request, response));
  let handle: (request: IncomingMessage, response: ServerResponse) => void;
  let url: string;
  beforeAll(async () => {
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1/groups/{group}?key=hidden`;
  });
  afterAll(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });

  const cmdb = (options: Partial<HttpCmdbOptions> = {}) =>
    new HttpCmdb({ url, timeoutMs: 30_000, credential: () => Promise.resolve(SECRET), ...options });
  const failure = (options: Partial<HttpCmdbOptions> = {}) =>
    cmdb(options)
      .fetch('web')
      .then(
        () => expect.unreachable(),
        (error: unknown) => {
          if (!isSluiceError(error)) throw error;
          // Neither the credential nor what stands in the address is repeated.
          expect(`${error.message} ${JSON.stringify(error.details)} ${String(error.cause)}`).not.toMatch(
            /sesame|hidden/,
          );
          return error;
        },
      );

  it('asks for a group with its credential, and gives its etag back the next time', async () => {
    const seen: object[] = [];
    handle = ({ url: path, headers }, response) => {
      seen.push({ path, authorization: headers.authorization, etag: headers['if-none-match'] });
      if (headers['if-none-match'] === '"7"') return void response.writeHead(304).end();
      response.writeHead(200, { etag: '"7"' }).end('{"name":"ä/b"}');
    };
    expect(await cmdb().fetch('ä/b')).toEqual({ kind: 'document', document: { name: 'ä/b' }, etag: '"7"' });
    expect(await cmdb().fetch('ä/b', '"7"')).toEqual({ kind: 'unchanged' });
    await cmdb({ credential: () => Promise.resolve(`Basic ${SECRET}`) }).fetch('web');
    const path = '/v1/groups/%C3%A4%2Fb?key=hidden';
    expect(seen).toEqual([
      { path, authorization: `Bearer ${SECRET}`, etag: undefined },
      { path, authorization: `Bearer ${SECRET}`, etag: '"7"' },
      { path: '/v1/groups/web?key=hidden', authorization: `Basic ${SECRET}`, etag: undefined },
    ]);
  });

  it.each([404, 410])('takes status %i for a group that the CMDB does not know', async (status) => {
    handle = (_, response) => void response.writeHead(status).end('no');
    expect(await cmdb().fetch('web')).toEqual({ kind: 'unknown' });
  });

  it.each([
    [500, 'CMDB_UNAVAILABLE'],
    [503, 'CMDB_UNAVAILABLE'],
    [429, 'CMDB_UNAVAILABLE'],
    [401, 'CMDB_REFUSED'],
    [400, 'CMDB_REFUSED'],
    [302, 'CMDB_REFUSED'],
  ])('takes status %i for %s', async (status, code) => {
    handle = (_, response) => void response.writeHead(status, { location: 'http://127.0.0.1:9/' }).end('no');
    expect(await failure()).toMatchObject({ code, message: expect.stringContaining(String(status)) });
  });

  it('gives up on a CMDB that does not answer, or does not end its answer', async () => {
    handle = () => undefined;
    expect(await failure({ timeoutMs: 50 })).toMatchObject({
      code: 'CMDB_UNAVAILABLE',
      message: expect.stringContaining('nothing within 50ms'),
    });
    handle = (_, response) => void response.writeHead(200).write('{');
    expect(await failure({ timeoutMs: 50 })).toMatchObject({ code: 'CMDB_UNAVAILABLE' });
  });

  it('reads no more than its bound, and nothing but JSON', async () => {
    handle = (_, response) => void response.writeHead(200).end(`"${'x'.repeat(2_000)}"`);
    expect(await failure({ maxBytes: 1_000 })).toMatchObject({ code: 'CMDB_INVALID' });
    expect(await cmdb({ maxBytes: 2_002 }).fetch('web')).toMatchObject({ kind: 'document' });
    handle = (_, response) => void response.writeHead(200).end('<html>');
    expect(await failure()).toMatchObject({ code: 'CMDB_INVALID' });
  });

  it('says where nobody listens', async () => {
    const { port } = await new Promise<AddressInfo>((resolve) => {
      const gone = createServer().listen(0, '127.0.0.1', () => {
        const address = gone.address() as AddressInfo;
        gone.close(() => resolve(address));
      });
    });
    expect(await failure({ url: `http://127.0.0.1:${port}/{group}` })).toMatchObject({
      code: 'CMDB_UNAVAILABLE',
      message: `the CMDB at 127.0.0.1:${port} did not answer: ECONNREFUSED`,
    });
  });
});
