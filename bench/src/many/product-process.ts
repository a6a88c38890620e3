import { readFileSync } from 'node:fs';

import type { NatsConnection } from '@nats-io/nats-core';
import { ALL_SHARDS, type Plan } from '@sluice/contracts';
import type { EventLog } from '@sluice/event-log';
import { startGateway } from '@sluice/gateway';
import { SluiceError } from '@sluice/kernel';
import { createLogger, newUlid, systemClock } from '@sluice/observability';

import { median } from '../benchmark.js';
import { type Prepared, serveBench } from '../child.js';
import { type RunningExecutor, startBenchExecutor } from '../executor.js';
import { HELD } from '../fleet.js';
import { usedMemory } from '../memory.js';
import { planOf, targetsOf, writePlan } from '../rollouts.js';
import type { ManyOrder, ManyResult, ManyStep } from './many.js';

const TARGETS = 10;
const WRITTEN_AT_ONCE = 64;
const OPEN_MS = 300_000;
const LOOK_MS = 50;
const NO_LIMIT = 1_000_000;
const KIB = 1_024;

type Reader = (path: string) => Promise<number>;

/** Executor and gateway in one process, as `sluice up` runs them. */
async function startProduct({
  servers,
  serverPid,
  steps,
  reads,
}: ManyOrder): Promise<Prepared<ManyResult, ManyResult>> {
  const executor = await startBenchExecutor(servers);
  const { nats, log } = executor;
  const gateway = await startGateway({
    ...{ nats, log, clock: systemClock, logger: createLogger('gateway', 'silent'), newId: newUlid },
    ...{ port: 0, openLocally: true, limits: { calls: { perSecond: NO_LIMIT, burst: NO_LIMIT } } },
  });
  const read: Reader = async (path) => {
    const start = performance.now();
    const response = await fetch(`${gateway.url}/${path}`);
    await response.text();
    if (response.status !== 200) throw new SluiceError('BENCH_INCOMPLETE', `${path} was answered ${response.status}`);
    return performance.now() - start;
  };
  const run = async (): Promise<ManyResult> => {
    const opened: string[] = [];
    const result: ManyStep[] = [];
    for (const count of steps) {
      await openUpTo(executor, count, opened);
      result.push(await measured(read, opened, { serverPid, reads }));
    }
    return { steps: result };
  };
  return {
    run,
    check: (result) => result,
    stop: async () => {
      await gateway.stop();
      await executor.stop();
    },
  };
}

/** Resolves when so many rollouts have a target in a step. */
async function openUpTo({ log, nats }: RunningExecutor, count: number, opened: string[]): Promise<void> {
  const from = (await log.position()) + 1;
  const started = admitted(log, count - opened.length, from);
  while (opened.length < count) {
    const size = Math.min(WRITTEN_AT_ONCE, count - opened.length);
    const plans = await Promise.all(Array.from({ length: size }, (_, i) => planNext(log, opened.length + i)));
    opened.push(...plans.map(({ rolloutId }) => rolloutId));
  }
  await started;
  await untilSent(nats);
}

async function planNext(log: EventLog, index: number): Promise<Plan> {
  const targets = targetsOf(TARGETS, `${HELD}-${index}`);
  const plan = planOf({ group: `group-${index}`, version: '1', targets, open: 1 });
  await (
    await writePlan(log, plan, targets)
  )();
  return plan;
}

async function admitted(log: EventLog, count: number, from: number): Promise<void> {
  const over = AbortSignal.timeout(OPEN_MS);
  let left = count;
  for await (const item of log.follow({ shards: ALL_SHARDS, writers: ['exec'], from, signal: over })) {
    if (item.kind === 'commit' && item.commit.events.some(({ type }) => type === 'TargetsAdmitted')) left -= 1;
    if (left === 0) return;
  }
  throw new SluiceError('BENCH_INCOMPLETE', `${left} of ${count} rollouts did not start`);
}

/** Until the runs are out: what is measured next is not beside them. */
async function untilSent(nats: NatsConnection): Promise<void> {
  for (let [before, sent] = [-1, 0]; before !== sent;) {
    before = sent;
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
    sent = nats.stats().outMsgs;
  }
}

/** Reads of one rollout in turn with requests that read nothing, so that both meet the same machine. */
async function measured(
  read: Reader,
  ids: readonly string[],
  { serverPid, reads }: Pick<ManyOrder, 'serverPid' | 'reads'>,
): Promise<ManyStep> {
  const idAt = (i: number): string => ids[(i * 7_919) % ids.length] ?? '';
  for (let i = 0; i < reads; i += 1) await read(`v1/rollouts/${idAt(i)}`);
  const [one, nothing]: [number[], number[]] = [[], []];
  for (let i = 0; i < reads; i += 1) {
    one.push(await read(`v1/rollouts/${idAt(i)}`));
    nothing.push(await read('health/live'));
  }
  const used = usedMemory();
  const bytes = { used, resident: process.memoryUsage().rss, server: residentOf(serverPid) };
  return { open: ids.length, readMs: median(one), nothingMs: median(nothing), ...bytes };
}

/** Bytes of another process that are in memory; NaN where the system does not tell. */
function residentOf(pid: number): number {
  try {
    const kib = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
    return Number(kib) * KIB;
  } catch {
    return Number.NaN;
  }
}

await serveBench(startProduct);
