// A service of the shop: it answers, and counts its answers as Prometheus reads them. One that is told where SEARCH is asks
// it for each answer, so that a request passes both services of a side. The release.json beside it says:
//   version      what it answers
//   errorEvery   each n-th answer is a 500
import { readFileSync } from 'node:fs';
import { Agent, createServer, get } from 'node:http';

const release = JSON.parse(readFileSync(new URL('release.json', import.meta.url), 'utf8'));
const { PORT = '8080', SLUICE_APP: app = 'shop', SLUICE_HOST: host = 'localhost', SEARCH } = process.env;
const connections = new Agent({ keepAlive: true });
// Both are there from the beginning: the first error is an increase then, not a new series.
const answers = { 200: 0, 500: 0 };
let asked = 0;

const server = createServer((request, response) => {
  if (request.url === '/health') response.end(`${release.version}\n`);
  else if (request.url === '/metrics') response.end(metrics());
  else void answer(response);
});

const answer = async (response) => {
  asked += 1;
  const broken = release.errorEvery > 0 && asked % release.errorEvery === 0;
  const found = SEARCH === undefined ? undefined : await search();
  const code = broken || found?.code === 500 ? 500 : 200;
  answers[code] += 1;
  response.writeHead(code, { 'content-type': 'application/json' });
  response.end(JSON.stringify({ app, version: release.version, host, ...(found && { search: found.version }) }));
};

const metrics = () =>
  `# TYPE http_requests_total counter\n${Object.entries(answers)
    .map(([code, count]) => `http_requests_total{code="${code}"} ${count}\n`)
    .join('')}`;

const search = () =>
  new Promise((resolve) => {
    get(SEARCH, { agent: connections }, (response) => {
      let text = '';
      response.on('data', (part) => (text += part));
      response.on('end', () => resolve({ code: response.statusCode, version: JSON.parse(text).version }));
    }).on('error', (error) => resolve({ code: 500, version: error.message }));
  });

server.keepAliveTimeout = 60_000;
server.listen(Number(PORT), () => process.stdout.write(`${app} ${release.version} listens on ${PORT}\n`));

process.on('SIGTERM', () => {
  server.close(() => process.exit(0));
  setInterval(() => server.closeIdleConnections(), 50);
});
