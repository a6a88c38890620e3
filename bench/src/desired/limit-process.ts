import { once } from 'node:events';
import { createServer } from 'node:http';

import { type Prepared, serveBench } from '../child.js';
import type { ServerOrder, ServerResult } from './desired.js';

/** What no server on node:http can be faster than: a body of the same size that never changes, and its 304. */
async function startLimit({ port, body }: ServerOrder): Promise<Prepared<void, ServerResult>> {
  const length = String(Buffer.byteLength(body));
  const etag = '"constant"';
  const server = createServer((request, response) => {
    if (request.headers['if-none-match'] === etag) {
      response.writeHead(304, { etag });
      response.end();
    } else {
      response.writeHead(200, { 'content-type': 'application/json', 'content-length': length, etag });
      response.end(body);
    }
  });
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  return {
    run: () => Promise.resolve(),
    check: () => ({ startMs: 0, bytes: 0 }),
    stop: async () => {
      server.closeAllConnections();
      const closed = once(server, 'close');
      server.close();
      await closed;
    },
  };
}

await serveBench(startLimit);
