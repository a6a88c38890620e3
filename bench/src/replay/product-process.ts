import { ALL_SHARDS } from '@sluice/contracts';
import { JetStreamEventLog } from '@sluice/event-log';
import { type AgentPort, ExecutorEngine, silentLogger } from '@sluice/executor';
import { SluiceError } from '@sluice/kernel';
import { connectNats } from '@sluice/messaging';
import { newUlid, systemClock } from '@sluice/observability';

import { type Prepared, serveBench } from '../child.js';
import type { ReplayOrder, ReplayResult } from './replay.js';

/** A rebuilt executor asks for the last target of each rollout; nobody is there. */
const NOBODY: AgentPort = {
  run: () => Promise.resolve({ kind: 'noAnswer' }),
  status: () => Promise.resolve({ kind: 'noAnswer' }),
};

type Timed = Omit<ReplayResult, 'coldMs'>;

/** The start of the executor: from the first byte of the log to the moment in which it drives its rollouts. */
async function startProduct({ servers, rollouts, events }: ReplayOrder): Promise<Prepared<Timed, ReplayResult>> {
  const nats = await connectNats({ servers, name: 'bench-product' });
  const rebuild = async (): Promise<Timed> => {
    const log = new JetStreamEventLog(nats);
    let open = 0;
    const logger = {
      ...silentLogger,
      info: (fields: Readonly<Record<string, unknown>>) => void (open += Number(fields['open'] ?? 0)),
    };
    const deps = { log, clock: systemClock, newId: newUlid, agents: NOBODY, shards: ALL_SHARDS, logger };
    const engine = new ExecutorEngine(deps);
    const cpu = process.cpuUsage();
    const start = performance.now();
    await engine.start();
    const ms = performance.now() - start;
    const { user, system } = process.cpuUsage(cpu);
    await engine.stop();
    if (open !== rollouts) throw new SluiceError('BENCH_INCOMPLETE', `${open} of ${rollouts} rollouts were rebuilt`);
    return { ms, cpuMs: (user + system) / 1_000, events };
  };
  // What a process reads first, it reads with cold code.
  const { ms: coldMs } = await rebuild();
  return { run: rebuild, check: (timed) => ({ ...timed, coldMs }), stop: () => nats.close() };
}

await serveBench(startProduct);
