import { once } from 'node:events';
import { Agent, type IncomingHttpHeaders, request } from 'node:http';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { headersFor, pickSide, SIDE_HEADER, sideOf } from './side.js';
import { flopAt, listen, type Listening, until, WeightServer } from './sources.suite.js';
import { watchWeights, type Weights } from './watch.js';

const STAGES = [1, 5, 10, 25, 50, 75, 100, 0];
const REQUESTS_PER_STAGE = 100;
const IN_FLIGHT = 16;
/** How often each service looks; the last one never sees a change. */
const INTERVALS = [10, 25, 60, 3_600_000];

interface Answer {
  /** The side that each hop served it from, and the one that the hop would have picked by the weights that it knew. */
  readonly sides: readonly string[];
  readonly alone: readonly string[];
}

interface Service extends Listening {
  readonly weights: Weights;
}

const agent = new Agent({ keepAlive: true });

async function call(url: string, headers: Record<string, string>): Promise<Answer> {
  const outgoing = request(url, { agent, headers }).end();
  const [incoming] = (await once(outgoing, 'response')) as [AsyncIterable<Buffer>];
  const parts: Buffer[] = [];
  for await (const part of incoming) parts.push(part);
  return JSON.parse(Buffer.concat(parts).toString()) as Answer;
}

/** An application as any other: a side for each request, and the same headers for the next service. */
async function startService(source: string, intervalMs: number, next: string | undefined): Promise<Service> {
  const weights = watchWeights({ url: source, intervalMs });
  const serve = async (headers: IncomingHttpHeaders): Promise<Answer> => {
    const id = String(headers['x-request-id']);
    const known = weights.current() ?? flopAt(0, 0);
    const side = sideOf(headers, known, id);
    const rest = next === undefined ? NOBODY : await call(next, { 'x-request-id': id, ...headersFor(side) });
    return { sides: [side, ...rest.sides], alone: [pickSide(known, id), ...rest.alone] };
  };
  const listening = await listen((incoming, response) => {
    serve(incoming.headers).then(
      (answer) => response.end(JSON.stringify(answer)),
      (error: unknown) => response.writeHead(500).end(String(error)),
    );
  });
  await weights.ready;
  return { ...listening, weights };
}

const NOBODY: Answer = { sides: [], alone: [] };

describe('four services in a row over HTTP', () => {
  const server = new WeightServer(flopAt(0, 1));
  const services: Service[] = [];
  let source: Listening;
  let version = 1;

  beforeAll(async () => {
    source = await listen(server.listener);
    for (const intervalMs of [...INTERVALS].reverse())
      services.unshift(await startService(source.url, intervalMs, services[0]?.url));
  });
  afterAll(async () => {
    agent.destroy();
    for (const service of services) {
      service.weights.stop();
      await service.close();
    }
    await source.close();
  });

  const entry = (): Service => services[0] ?? expect.unreachable('no service was started');

  /** Sends a stage's requests, a few at once, and publishes its weight when some of them are on their way. */
  async function play(percent: number): Promise<Answer[]> {
    const answers: Answer[] = [];
    let sent = 0;
    version += 1;
    const client = async (): Promise<void> => {
      while (sent < REQUESTS_PER_STAGE) {
        sent += 1;
        if (sent === IN_FLIGHT * 2) server.publish(flopAt(percent, version));
        answers.push(await call(entry().url, { 'x-request-id': `req-${version}-${sent}` }));
      }
    };
    await Promise.all(Array.from({ length: IN_FLIGHT }, client));
    await until(() => expect(entry().weights.current()?.version).toBe(version));
    return answers;
  }

  it('SWB-06 SWB-15 serve each request from one side, each by weights that it pulled itself', async () => {
    const answers: Answer[] = [];
    for (const percent of STAGES) answers.push(...(await play(percent)));
    expect(answers.length).toBe(STAGES.length * REQUESTS_PER_STAGE);
    expect(answers.every(({ sides }) => sides.length === INTERVALS.length)).toBe(true);
    expect(answers.filter(({ sides }) => new Set(sides).size > 1)).toEqual([]);
    expect(new Set(answers.flatMap(({ sides }) => sides))).toEqual(new Set(['flip', 'flop']));
    // The last service still has the first weights: alone it would have served these from the other side.
    expect(answers.filter(({ alone }) => new Set(alone).size > 1).length).toBeGreaterThan(REQUESTS_PER_STAGE / 2);
    expect(services.at(-1)?.weights.current()).toEqual(flopAt(0, 1));
  }, 180_000);

  it('SWB-19 serve a tester from the dark side, through all hops', async () => {
    await until(() => expect(entry().weights.current()?.weights).toEqual({ flip: 100, flop: 0 }));
    const answer = await call(entry().url, { 'x-request-id': 'req-by-hand', [SIDE_HEADER]: 'flop' });
    expect(answer.sides).toEqual(['flop', 'flop', 'flop', 'flop']);
    const other = await call(entry().url, { 'x-request-id': 'req-by-hand' });
    expect(other.sides).toEqual(['flip', 'flip', 'flip', 'flip']);
  });
});
