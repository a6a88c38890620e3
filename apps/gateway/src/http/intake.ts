import type { IncomingMessage } from 'node:http';

import { sendProblem } from '../problems/filter.js';
import { problemOf } from '../problems/problem.js';
import { type Exchange, headerOf, type Reply } from './exchange.js';

type Hook = (request: Exchange, reply: Reply) => Promise<unknown>;

/**
 * Bodies that are being read or answered take so much memory together and no more: a body counts by what it announces, or
 * as the largest that is taken. Who comes later is told to come again, before anything of the body is read.
 */
export function boundBodies(maxBytes: number, largestBody: number): Hook {
  let held = 0;
  return async (request, reply) => {
    const bytes = bodyBytes(request, largestBody);
    if (bytes === 0) return undefined;
    if (held + bytes > maxBytes) {
      sendProblem(reply, problemOf('TOO_BUSY', 'too many documents are under way: send it again in a moment'));
      return reply;
    }
    held += bytes;
    reply.raw.once('close', () => (held -= bytes));
    return undefined;
  };
}

function bodyBytes(request: Exchange, largestBody: number): number {
  const length = Number(headerOf(request, 'content-length') ?? Number.NaN);
  if (Number.isSafeInteger(length)) return Math.min(length, largestBody);
  return isChunked(request.raw) ? largestBody : 0;
}

const isChunked = ({ headers }: IncomingMessage): boolean => headers['transfer-encoding'] !== undefined;
