import type { Socket } from 'node:net';

import { type Problem, problemOf } from '../problems/problem.js';

/** What cannot be read as HTTP never becomes a request: it is answered here, in the same form, and hung up on. */
export function answerClientError(error: Error & { readonly code?: string }, socket: Socket): void {
  if (error.code === 'ECONNRESET' || socket.destroyed || !socket.writable) {
    socket.destroy();
    return;
  }
  const problem = problemOfClient(error.code);
  const body = JSON.stringify(problem);
  const head = [
    `HTTP/1.1 ${problem.status} ${problem.title}`,
    'content-type: application/problem+json; charset=utf-8',
    `content-length: ${Buffer.byteLength(body)}`,
    'connection: close',
  ];
  socket.end(`${head.join('\r\n')}\r\n\r\n${body}`);
}

function problemOfClient(code: string | undefined): Problem {
  if (code === 'HPE_HEADER_OVERFLOW') {
    return problemOf('HEADERS_TOO_LARGE', 'address and headers together have more than 16 KiB', { status: 431 });
  }
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT') {
    return problemOf('TOO_SLOW', 'the request took too long to arrive: send it again', { status: 408 });
  }
  return problemOf('BAD_HTTP', 'this cannot be read as an HTTP request', { status: 400 });
}
