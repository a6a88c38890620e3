// An app in two versions behind one port: each request is served by the side that its id, or its header, says.
//   node server.mjs <weights.json> [port]
// It reads the file anew when it was replaced; publish.mjs replaces it, as Sluice does in earnest.
import { randomUUID } from 'node:crypto';
import { createServer } from 'node:http';
import { headersFor, sideOf, watchWeights } from '@sluice/side';

const [file = 'weights.json', port = '0'] = process.argv.slice(2);

/** In earnest these are two groups of hosts, and the headers go along with the call. */
const sides = { flip: () => 'version 1', flop: () => 'version 2' };

/** What holds until a first document has been read: a side that is known to work. */
const first = { v: 1, group: 'search', version: 0, weights: { flip: 100, flop: 0 }, rolloutId: null, since: 0 };

const weights = watchWeights({ file });

const server = createServer((request, response) => {
  if (request.url === '/health') {
    response.setHeader('content-type', 'application/json');
    response.end(`${JSON.stringify({ weights: weights.current() ?? null, problem: weights.problem() ?? null })}\n`);
    return;
  }
  const id = String(request.headers['x-request-id'] ?? randomUUID());
  const side = sideOf(request.headers, weights.current() ?? first, id);
  response.writeHead(200, { 'content-type': 'text/plain', 'x-request-id': id, ...headersFor(side) });
  const serve = sides[side] ?? sides.flip;
  response.end(`${side}: ${serve()}\n`);
});
server.listen(Number(port), '127.0.0.1', () => process.stdout.write(`listens on ${server.address().port}\n`));
process.once('SIGTERM', () => server.close());
