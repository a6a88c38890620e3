import { type Prepared, serveBench } from './child.js';
import { startBenchExecutor } from './executor.js';

export interface ExecutorOrder {
  readonly servers: string;
  /** ms. */
  readonly leaseMs?: number;
}

/** The executor as a process of its own; on the word go it tells what memory it takes, bytes. */
async function start({ servers, leaseMs }: ExecutorOrder): Promise<Prepared<number, number>> {
  const executor = await startBenchExecutor(servers, leaseMs);
  return {
    run: () => Promise.resolve(process.memoryUsage().rss),
    check: (bytes) => bytes,
    stop: () => executor.stop(),
  };
}

await serveBench(start);
