import { createHash } from 'node:crypto';

import { type Exchange, headerOf } from './exchange.js';

/** What is used of a Fastify reply on its way out. */
interface Leaving {
  readonly statusCode: number;
  code(status: number): Leaving;
  getHeader(name: string): unknown;
  header(name: string, value: string): Leaving;
  removeHeader(name: string): Leaving;
}

type Asked = Exchange & { readonly method: string };

/** Every read that is answered whole has an ETag; who sends it back while it holds gets 304 and no body. */
export async function revalidate(request: Asked, reply: Leaving, payload: unknown): Promise<unknown> {
  if (request.method !== 'GET' || reply.statusCode !== 200 || typeof payload !== 'string') return payload;
  const etag = taggedWith(reply.getHeader('etag'), payload);
  reply.header('etag', etag).header('cache-control', 'private, no-cache');
  if (!holds(headerOf(request, 'if-none-match'), etag)) return payload;
  reply.code(304).removeHeader('content-type').removeHeader('content-length');
  return '';
}

/** A rev stays readable in front (If-Match wants it), but more than the rev may have changed. */
function taggedWith(rev: unknown, payload: string): string {
  const hash = createHash('sha256').update(payload).digest('base64url').slice(0, 16);
  return typeof rev === 'string' ? `"${rev.replaceAll('"', '')}-${hash}"` : `"${hash}"`;
}

export function holds(wanted: string | undefined, etag: string): boolean {
  if (wanted === undefined) return false;
  return wanted.split(',').some((tag) => tag.trim() === '*' || tag.trim().replace(/^W\//, '') === etag);
}
