import type { IncomingMessage, ServerResponse } from 'node:http';

import type { Principal } from '../access/principal.js';

/** What the gateway uses of a Fastify request. */
export interface Exchange {
  readonly headers: IncomingMessage['headers'];
  readonly raw: IncomingMessage;
  /** Whoever calls; set before Nest sees the request, but on what is open to anybody. */
  readonly principal?: Principal | undefined;
}

/** What the gateway uses of a Fastify reply. */
export interface Reply {
  readonly raw: ServerResponse;
  code(status: number): Reply;
  header(name: string, value: string): Reply;
  send(body?: unknown): unknown;
  /** From here on the answer is written to `raw`. */
  hijack(): unknown;
}

/** One header as text; undefined when it is missing or empty. */
export function headerOf(request: Exchange, name: string): string | undefined {
  const value = request.headers[name];
  const text = Array.isArray(value) ? value[0] : value;
  return text === undefined || text === '' ? undefined : text;
}
