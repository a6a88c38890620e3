import { join } from 'node:path';

import { SluiceError } from '@sluice/kernel';

import { type Benchmark, type BenchOptions, type BenchResult, type BenchRow, median, ratioOf } from '../benchmark.js';
import { withBus } from '../bus.js';
import { BenchProcess } from '../child.js';
import type { FleetCounts } from '../fleet.js';
import { profileText } from '../profile.js';
import { STEPS_PER_TARGET } from '../rollouts.js';
import type { PeerOrder } from './peer-process.js';
import { startRedis } from './redis-server.js';
import type { RoundOrder, RoundResult } from './workload.js';

const TARGETS = 10_000;
const ROUNDS = 5;
const QUICK_ROUNDS = 3;
const LIMIT_GOAL = 0.7;
const PEER_GOAL = 4;

export interface OrchestrateOptions extends Omit<BenchOptions, 'scale'> {
  readonly targets: number;
  readonly rounds: number;
  /** False leaves the peer out. */
  readonly peer?: boolean;
}

/** Design 10: one rollout over the whole fleet against the bus limit and against a job queue. */
export const orchestrate: Benchmark = {
  name: 'orchestrate',
  what: 'one rollout over 10,000 simulated agents, beside the limit of the bus and BullMQ on Redis',
  run: (options) =>
    runOrchestrate({
      ...options,
      targets: Math.round(TARGETS * options.scale),
      rounds: options.scale < 1 ? QUICK_ROUNDS : ROUNDS,
    }),
};

/** Contenders run in turn, each round with a server, a fleet and a process of its own. */
export async function runOrchestrate(options: OrchestrateOptions): Promise<BenchResult> {
  const { targets, rounds, say } = options;
  const results = { product: [] as RoundResult[], limit: [] as RoundResult[], peer: [] as RoundResult[] };
  const hasPeer = options.peer !== false;
  const redisMissing = hasPeer && (await peerRound({ ...options, targets: STEPS_PER_TARGET })) === undefined;
  for (let round = 1; round <= rounds; round += 1) {
    results.product.push(await busRound('product', options));
    results.limit.push(await busRound('limit', options));
    const peer = redisMissing || !hasPeer ? undefined : await peerRound(options);
    if (peer !== undefined) results.peer.push(peer);
    const told = Object.entries(results).map(([name, all]) => `${name} ${Math.round(all.at(-1)?.ms ?? Number.NaN)} ms`);
    say(`orchestrate, round ${round} of ${rounds}: ${told.join(', ')}`);
  }
  const product = rowOf('product', results.product);
  const limit = rowOf('limit', results.limit, 'same messages and commits, nothing decided');
  const peer = rowOf(
    'peer',
    results.peer,
    redisMissing ? 'not run: there is no redis-server on this machine' : 'BullMQ on Redis without persistence',
  );
  return {
    benchmark: 'orchestrate',
    size: `${targets} targets, ${STEPS_PER_TARGET} steps each, every commit fsynced, ${rounds} rounds in turn`,
    unit: 'steps/s',
    rows: [product, limit, peer],
    ratios: [
      ...ratioOf('product / limit', LIMIT_GOAL, product, limit),
      ...ratioOf('product / peer', PEER_GOAL, product, peer),
    ],
    details: {
      coldRatio: coldMs(results.limit) / coldMs(results.product),
      ...Object.fromEntries(Object.entries(results).map(([name, all]) => [name, detailsOf(all)])),
    },
  };
}

const rowOf = (name: string, results: readonly RoundResult[], note?: string): BenchRow => ({
  name,
  rounds: results.map(({ steps, ms }) => (steps * 1_000) / ms),
  ...(note === undefined ? {} : { note }),
});

const coldMs = (results: readonly RoundResult[]): number =>
  median(results.map((result) => result.coldMs ?? Number.NaN));

const detailsOf = (results: readonly RoundResult[]): Readonly<Record<string, unknown>> => ({
  rounds: results,
  cpuMicrosPerStep: median(results.map(({ cpuMs, steps }) => (cpuMs * 1_000) / steps)),
});

/** V8 needs about 30,000 targets to settle: the first rollout of a process takes more than twice the CPU of the fourth. */
const WARM_UPS = 3;
/** A job queue settles sooner: it has done 12,500 jobs by then. */
const peerWarmUp = (targets: number): number => Math.max(10, Math.floor(targets / 4));

/** A round over NATS: the contender in one process, the fleet in another, the server in a third. */
async function busRound(name: 'product' | 'limit', options: OrchestrateOptions): Promise<RoundResult> {
  return withBus(async (servers) => {
    const order: RoundOrder = { servers, targets: options.targets, warmUps: WARM_UPS };
    return checked(name, options.targets, await withFleet(name, order, options));
  });
}

async function withFleet(name: string, order: RoundOrder, options: OrchestrateOptions): Promise<RoundResult> {
  const fleet = await BenchProcess.start<object, FleetCounts>('fleet-process.js', {
    servers: order.servers,
  });
  try {
    const { profileDir, say } = options;
    const file = profileDir === undefined ? undefined : join(profileDir, `${name}-${Date.now()}.cpuprofile`);
    const contender = await BenchProcess.start<RoundOrder, RoundResult>(`orchestrate/${name}-process.js`, order, file);
    const { result, profile } = await contender.finish();
    if (profile !== undefined) say(profileText(name, profile));
    const { acked, resent, refused } = (await fleet.finish()).result;
    if (refused + resent > 0)
      say(`${name}: of ${acked + refused} reports ${refused} were refused and ${resent} sent again`);
    return result;
  } finally {
    await fleet.end();
  }
}

async function peerRound({ targets }: OrchestrateOptions): Promise<RoundResult | undefined> {
  const redis = await startRedis();
  if (redis === undefined) return undefined;
  try {
    const order: PeerOrder = { port: redis.port, targets, warmUp: peerWarmUp(targets) };
    const peer = await BenchProcess.start<PeerOrder, RoundResult>('orchestrate/peer-process.js', order);
    return checked('peer', targets, (await peer.finish()).result);
  } finally {
    await redis.stop();
  }
}

/** A contender that did not do all of it has no figure. */
function checked(name: string, targets: number, result: RoundResult): RoundResult {
  const wanted = targets * STEPS_PER_TARGET;
  if (result.steps === wanted) return result;
  throw new SluiceError(
    'BENCH_INCOMPLETE',
    `${name} did ${result.steps} of ${wanted} steps: look at what its process wrote above`,
  );
}
