import type { IncomingMessage } from 'node:http';

import { describe, expect, it } from 'vitest';

import type { Principal } from '../access/principal.js';
import type { Exchange } from './exchange.js';
import { actorOf, expectedRevOf, idempotencyKey, positionOf } from './headers.js';

const local: Principal = {
  actor: { id: 'local', kind: 'user' },
  grants: [{ role: 'admin', groups: '*' }],
  key: 'test',
  mayActForOthers: true,
  isValid: () => true,
};
const withHeaders = (headers: IncomingMessage['headers'], principal = local): Exchange => ({
  headers,
  raw: {} as IncomingMessage,
  principal,
});

describe('headers', () => {
  it('XIM-02 a machine speaks with its own identity', () => {
    expect(actorOf(withHeaders({ 'x-sluice-actor': 'service:scheduler' }))).toEqual({
      id: 'scheduler',
      kind: 'service',
    });
    expect(actorOf(withHeaders({ 'x-sluice-actor': 'policy:night:shift' }))).toEqual({
      id: 'night:shift',
      kind: 'policy',
    });
    expect(actorOf(withHeaders({}))).toEqual({ id: 'local', kind: 'user' });
  });

  it('the header names nobody else unless the caller may act for others', () => {
    const ana: Principal = { ...local, actor: { id: 'ana', kind: 'user' }, mayActForOthers: false };
    expect(actorOf(withHeaders({ 'x-sluice-actor': 'user:bo' }, ana))).toEqual({ id: 'ana', kind: 'user' });
    expect(() => actorOf({ headers: {}, raw: {} as IncomingMessage })).toThrow(/nobody asked who calls/);
  });

  it.each(['ana', 'user:', ':ana', 'god:ana', `user:${'a'.repeat(201)}`])('refuses the actor %s', (text) => {
    expect(() => actorOf(withHeaders({ 'x-sluice-actor': text }))).toThrow(/kind:id/);
  });

  it('reads If-Match as the ETag is written', () => {
    expect(expectedRevOf(withHeaders({ 'if-match': '"12"' }))).toBe(12);
    expect(expectedRevOf(withHeaders({ 'if-match': '"12-Ab_9-x"' }))).toBe(12);
    expect(expectedRevOf(withHeaders({ 'if-match': '"1767225600000-x"' }))).toBe(1_767_225_600_000);
    expect(expectedRevOf(withHeaders({ 'if-match': '*' }))).toBeUndefined();
    expect(() => expectedRevOf(withHeaders({ 'if-match': '"x"' }))).toThrow(/ETag/);
  });

  it('takes the idempotency key or makes one', () => {
    expect(idempotencyKey(withHeaders({ 'idempotency-key': 'k1' }), () => 'new')).toBe('k1');
    expect(idempotencyKey(withHeaders({}), () => 'new')).toBe('new');
    expect(() => idempotencyKey(withHeaders({ 'idempotency-key': 'a b' }), () => 'new')).toThrow(/Idempotency-Key/);
  });

  it('reads positions and nothing else', () => {
    expect([positionOf(undefined), positionOf('7')]).toEqual([0, 7]);
    expect(() => positionOf('-1')).toThrow(/log position/);
  });
});
