import { EMPTY_HEAD, type StreamHead, streamKey } from '@sluice/contracts';
import {
  ArchivedEventLog,
  ArchiveReader,
  DirectoryArchiveStore,
  type EventLog,
  JetStreamEventLog,
} from '@sluice/event-log';
import { startExecutor } from '@sluice/executor';
import { startGateway } from '@sluice/gateway';
import { SluiceError } from '@sluice/kernel';
import { connectNats } from '@sluice/messaging';
import { createLogger, newUlid, systemClock } from '@sluice/observability';
import { finishedRollout, pastRolloutId } from '@sluice/testing';

import { median, quantile } from '../benchmark.js';
import { type Prepared, serveBench } from '../child.js';
import { usedMemory } from '../memory.js';
import type { HistoryOrder, HistoryRounds, HistoryStep } from './history.js';
import { appOf, groupOf, pastAt, timeOf } from './past.js';

/** Rollouts in the log: one for each of so many groups. */
const IN_LOG = 100;
/** The first loads code and makes what the services expect to stand there. */
const WARM_UP_STARTS = 1;
const NO_LIMIT = 1_000_000;
/** A prime: what is asked for is spread over all of the archive. */
const STRIDE = 7_919;

type Reader = (path: string) => Promise<{ readonly ms: number; readonly body: unknown }>;

/** Executor and gateway in one process on a log with its archive, as `sluice up` runs them. */
async function prepare({
  servers,
  folder,
  archived,
  rounds,
}: HistoryOrder): Promise<Prepared<HistoryStep, HistoryStep>> {
  const nats = await connectNats({ servers, name: 'bench history' });
  const log = new JetStreamEventLog(nats);
  for (let i = 0; i < IN_LOG; i += 1) await write(log, i);
  const stops: (() => Promise<void>)[] = [];
  let url = '';
  const stopServices = async (): Promise<void> => {
    for (const end of stops.splice(0)) await end();
  };
  const run = async (): Promise<HistoryStep> => {
    const starts: number[] = [];
    for (let round = 0; round < WARM_UP_STARTS + rounds.starts; round += 1) {
      await stopServices();
      const store = new DirectoryArchiveStore(folder);
      const start = performance.now();
      const archive = new ArchiveReader(store);
      const both = new ArchivedEventLog(log, archive);
      const parts = { nats, log: both, clock: systemClock, logger: createLogger('bench', 'silent'), newId: newUlid };
      const executor = await startExecutor({ ...parts, servers });
      const limits = { calls: { perSecond: NO_LIMIT, burst: NO_LIMIT } };
      const gateway = await startGateway({ ...parts, archive, port: 0, openLocally: true, limits });
      starts.push(performance.now() - start);
      url = gateway.url;
      stops.push(
        () => gateway.stop(),
        () => executor.stop(),
        () => store.close(),
      );
    }
    const startUsed = usedMemory();
    return {
      archived,
      starts: starts.slice(WARM_UP_STARTS),
      startUsed,
      ...(await asked(readerOf(url), archived, rounds)),
    };
  };
  const stop = async (): Promise<void> => {
    await stopServices();
    await nats.close();
  };
  return { run, check: (step) => step, stop };
}

async function write(log: EventLog, index: number): Promise<void> {
  const heads = new Map<string, StreamHead>();
  const past = { ...pastAt(index), group: `now-${index}`, token: 1, at: Date.now() };
  for (const { stream, ...draft } of finishedRollout(past)) {
    const key = streamKey(stream);
    heads.set(key, await log.append(stream, heads.get(key) ?? EMPTY_HEAD, draft));
  }
}

const readerOf =
  (url: string): Reader =>
  async (path) => {
    const start = performance.now();
    const response = await fetch(`${url}/${path}`);
    const body: unknown = await response.json();
    if (response.status !== 200) throw new SluiceError('BENCH_INCOMPLETE', `${path} was answered ${response.status}`);
    return { ms: performance.now() - start, body };
  };

/** Lists of every kind in turn, deep pages, single rollouts of all ages, and in between requests that read nothing. */
async function asked(
  read: Reader,
  archived: number,
  rounds: HistoryRounds,
): Promise<Omit<HistoryStep, 'archived' | 'starts' | 'startUsed'>> {
  const [lists, reads, nothing]: [number[], number[], number[]] = [[], [], []];
  let cursor: string | undefined;
  for (let i = 0; i < rounds.lists; i += 1) {
    const index = (i * STRIDE) % Math.max(1, archived);
    const queries = [
      '',
      `&group=${groupOf(index)}`,
      `&app=${appOf(index)}&state=succeeded`,
      `&since=${timeOf(index)}`,
      `&state=cancelled`,
      cursor === undefined ? '' : `&cursor=${cursor}`,
    ];
    const { ms, body } = await read(`v1/rollouts?limit=50${queries[i % queries.length]}`);
    cursor = (body as { readonly next: string | null }).next ?? undefined;
    lists.push(ms);
    nothing.push((await read('health/live')).ms);
  }
  for (let i = 0; i < rounds.reads && archived > 0; i += 1)
    reads.push((await read(`v1/rollouts/${pastRolloutId(pastAt((i * STRIDE) % archived))}`)).ms);
  const times = { listMedianMs: median(lists), listP99Ms: quantile(lists, 0.99), readMedianMs: median(reads) };
  return { ...times, nothingMs: median(nothing), nothingP99Ms: quantile(nothing, 0.99), used: usedMemory() };
}

await serveBench(prepare);
