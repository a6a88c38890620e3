import { once } from 'node:events';
import { connect } from 'node:net';

import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';

import { Harness } from './harness.suite.js';

describe('bad input is never a 5xx', () => {
  let harness: Harness;

  beforeAll(async () => {
    harness = await Harness.start({ outcomeMs: 100, commandMs: 600 });
  });
  afterAll(() => harness.stop());

  const id = 'r07-0123456789ABCDEFGHJKMNPQRS';
  it.each([
    ['GET', '/v1/nothing', undefined, 404],
    ['GET', `/v1/rollouts/${id}`, undefined, 404],
    ['GET', `/v1/rollouts/${id}?at=@1`, undefined, 404],
    ['GET', `/v1/rollouts/${id}?at=yesterday`, undefined, 422],
    ['GET', `/v1/rollouts/${id}?at=`, undefined, 422],
    ['GET', `/v1/rollouts/${id}?at=5m&at=@1`, undefined, 422],
    ['GET', `/v1/rollouts/${id}/diff`, undefined, 422],
    ['GET', `/v1/rollouts/${id}/diff?from=5m&cursor=zzz`, undefined, 400],
    ['GET', '/v1/groups/none?at=@999999999999999', undefined, 404],
    ['GET', '/v1/variables/default/none?at=2026-02-30T00:00:00Z', undefined, 422],
    ['GET', '/v1/variables/default/none/diff?from=1d', undefined, 404],
    ['GET', '/v1/fleet?at=@1x', undefined, 422],
    ['GET', '/v1/fleet/diff?to=5m', undefined, 422],
    ['GET', '/v1/rollouts/..%2F..', undefined, 404],
    ['GET', '/v1/rollouts/%00', undefined, 404],
    ['GET', '/v1/rollouts/%E0%A4%A', undefined, 400],
    ['GET', '/v1/rollouts?limit=0', undefined, 422],
    ['GET', '/v1/rollouts?limit=x', undefined, 422],
    ['GET', '/v1/rollouts?unknown=1', undefined, 422],
    ['GET', '/v1/rollouts?limit=1&limit=2', undefined, 422],
    ['GET', '/v1/rollouts?cursor=zzz', undefined, 400],
    ['GET', '/v1/rollouts?state=odd', undefined, 422],
    ['GET', '/v1/groups/none', undefined, 404],
    ['GET', `/v1/groups/${'a'.repeat(300)}`, undefined, 422],
    ['POST', '/v1/requests', '{"a":', 400],
    ['POST', '/v1/requests', '{"__proto__":{"a":1}}', 400],
    ['POST', '/v1/requests', '[]', 422],
    ['POST', '/v1/requests', '"text"', 422],
    ['POST', '/v1/requests', '', 400],
    ['POST', '/v1/requests', `{"a":"${'x'.repeat(300_000)}"}`, 413],
    ['POST', '/v1/requests', `{"a":"${'x'.repeat(1_100_000)}"}`, 413],
    ['POST', '/v1/requests', '{"a":'.repeat(50_000) + '1' + '}'.repeat(50_000), 422],
    ['POST', `/v1/rollouts/not-an-id/commands/pause`, '{}', 404],
    ['POST', `/v1/rollouts/${id}/commands/explode`, '{}', 404],
    ['POST', `/v1/rollouts/${id}/commands/pause`, '{"force":true}', 422],
    ['POST', `/v1/rollouts/${id}/commands/cancel`, '[]', 422],
    ['POST', `/v1/rollouts/${id}/commands/cancel`, '7', 422],
    ['POST', `/v1/rollouts/${id}/commands/cancel`, '"x"', 422],
    ['POST', `/v1/rollouts/${id}/commands/cancel`, 'null', 422],
    ['POST', `/v1/rollouts/${id}/commands/cancel`, '{"a":'.repeat(50_000) + '1' + '}'.repeat(50_000), 422],
    ['POST', `/v1/rollouts/${id}/commands/pause`, '{"reason":7}', 422],
    ['POST', `/v1/rollouts/${id}/commands/approve`, '{"approval":"all"}', 422],
    ['POST', `/v1/rollouts/${id}/commands/override`, '{"extraFailures":-1}', 422],
    ['POST', `/v1/rollouts/${id}/commands/interval`, '{"interval":"soon"}', 422],
    ['DELETE', '/v1/requests', undefined, 404],
  ])('%s %s', async (method, path, sent, status) => {
    const init =
      sent === undefined ? { method } : { method, headers: { 'content-type': 'application/json' }, body: sent };
    const response = await harness.fetch(path, init);
    const body = (await response.json()) as Record<string, unknown>;
    expect({ status: response.status, type: response.headers.get('content-type'), body }).toMatchObject({
      status,
      type: expect.stringContaining('application/problem+json') as unknown,
      body: { status, code: expect.any(String) as unknown, detail: expect.any(String) as unknown },
    });
  });

  it('takes a command without a body: nobody is there to hear it', async () => {
    const path = `/v1/rollouts/${id}/commands/cancel`;
    for (const headers of [{}, { 'content-length': '0' }])
      expect(await harness.json(path, { method: 'POST', headers })).toMatchObject({ status: 503 });
  });

  it('answers 413 before a large body is sent whole, and reads the rest: the sender sees no broken pipe', async () => {
    const { port } = new URL(harness.gateway.url);
    const length = 10 << 20;
    const socket = connect(Number(port), '127.0.0.1');
    let said = '';
    socket.on('data', (piece: Buffer) => (said += piece.toString()));
    const broken = once(socket, 'close').then(() => 'the connection was closed');
    const answered = async (what: string): Promise<string> => {
      const heard = vi.waitFor(() => expect(said).toContain(what), { timeout: 5_000 });
      return Promise.race([broken, heard.then(() => 'answered')]);
    };
    socket.write(
      `POST /v1/requests HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: ${length}\r\n\r\n`,
    );
    expect(await answered('413')).toBe('answered');
    socket.write(' '.repeat(length));
    socket.write('GET /health/live HTTP/1.1\r\nhost: x\r\n\r\n');
    expect(await answered('HTTP/1.1 200')).toBe('answered');
    socket.destroy();
  });

  it.each([
    ['GET / HTTP/1.1\r\nhost: x\r\nx: ' + 'y'.repeat(20_000) + '\r\n\r\n', 431, 'HEADERS_TOO_LARGE'],
    ['what is this\r\n\r\n', 400, 'BAD_HTTP'],
  ])('answers a problem to what is no request, and hangs up: %#', async (text, status, code) => {
    const { port } = new URL(harness.gateway.url);
    const socket = connect(Number(port), '127.0.0.1');
    let said = '';
    socket.on('data', (piece: Buffer) => (said += piece.toString()));
    socket.write(text);
    await once(socket, 'close');
    expect(said).toContain(`HTTP/1.1 ${status} `);
    expect(JSON.parse(said.slice(said.indexOf('{')))).toMatchObject({ status, code });
  });

  it('refuses another media type', async () => {
    expect(await harness.post('/v1/requests', 'a=1', { 'content-type': 'text/csv' })).toMatchObject({ status: 415 });
    expect(await harness.post('/v1/requests', 'a: [', { 'content-type': 'application/yaml' })).toMatchObject({
      status: 400,
      body: { code: 'BAD_YAML' },
    });
  });
});
