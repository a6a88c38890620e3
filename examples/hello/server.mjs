// A small HTTP app for the demo and the tests. How a release of it behaves stands in the release.json beside it:
//   version           what it answers
//   healthyAfterMs    /health answers 503 until so long after the start
//   failVerifyOn      'all' or a list of hosts: /health answers 503 there for ever
//   crashOn           'all' or a list of hosts: it ends with code 1 there, saying why
//   errorEvery        each n-th answer of / is a 500
//   answerMs          / answers after so long
//   ignoreSigterm     SIGTERM does nothing
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';

const release = JSON.parse(readFileSync(new URL('release.json', import.meta.url), 'utf8'));
const { PORT = '8080', SLUICE_APP: app = 'hello', SLUICE_HOST: host = 'localhost' } = process.env;
const startedAt = Date.now();
const isOn = (hosts) => hosts === 'all' || (Array.isArray(hosts) && hosts.includes(host));

if (isOn(release.crashOn)) {
  process.stderr.write(`hello ${release.version} cannot start on ${host}: told so by its release.json\n`);
  process.exit(1);
}

const healthy = () => !isOn(release.failVerifyOn) && Date.now() - startedAt >= (release.healthyAfterMs ?? 0);
let answers = 0;
let stopping = false;

const server = createServer((request, response) => {
  if (request.url === '/health') return void response.writeHead(healthy() ? 200 : 503).end(`${release.version}\n`);
  if (request.url !== '/') return void response.writeHead(404).end();
  answers += 1;
  const broken = release.errorEvery > 0 && answers % release.errorEvery === 0;
  const answer = () => {
    // The last answer on a connection says so: a client that keeps it open would send its next request into the void.
    if (stopping) response.setHeader('connection', 'close');
    response.writeHead(broken ? 500 : 200, { 'content-type': 'application/json' });
    response.end(JSON.stringify({ app, version: release.version, host }));
  };
  setTimeout(answer, release.answerMs ?? 0);
});

server.listen(Number(PORT), () => process.stdout.write(`hello ${release.version} listens on ${PORT}\n`));

process.on('SIGTERM', () => {
  if (release.ignoreSigterm || stopping) return;
  stopping = true;
  process.stdout.write('SIGTERM: no new connections, requests in flight end\n');
  server.close(() => process.exit(0));
  setInterval(() => server.closeIdleConnections(), 50);
});
