import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

import { SluiceError } from '@sluice/kernel';

import { profiled, type ProfileSummary } from './profile.js';

/** What a process of a benchmark says to the one that started it. */
type Said<Result> =
  { readonly kind: 'ready' } | { readonly kind: 'done'; readonly result: Result; readonly profile?: ProfileSummary };

/** What it gets: what to do, and where to write a CPU profile of the timed part, if one is wanted. */
interface Start<Order> {
  readonly order: Order;
  readonly profile?: string;
}

const STOP_MS = 10_000;

/** A process of a benchmark: it gets an order, says when it is ready, and answers with a result. */
export class BenchProcess<Result> {
  private constructor(
    private readonly child: ChildProcess,
    private readonly name: string,
  ) {}

  /** Starts `dist/<script>`, also from the sources: node runs what tsc wrote. Resolves when it says that it is ready. */
  static async start<Order, Result>(script: string, order: Order, profile?: string): Promise<BenchProcess<Result>> {
    const path = fileURLToPath(new URL(`../dist/${script}`, import.meta.url));
    // Not the options of a test runner, which would make node look for sources.
    const child = fork(path, [], { execArgv: [], stdio: ['ignore', 2, 2, 'ipc'] });
    const started = new BenchProcess<Result>(child, script);
    const start: Start<Order> = profile === undefined ? { order } : { order, profile };
    child.send(start);
    await started.heard('ready');
    return started;
  }

  /** Tells it to go on (or to stop) and waits for its result and its end. */
  async finish(): Promise<{ readonly result: Result; readonly profile?: ProfileSummary }> {
    this.child.send({ kind: 'go' });
    const said = await this.heard('done');
    await this.end();
    if (said.kind !== 'done') throw failed(this.name, 'it never said what came of it');
    return said;
  }

  get pid(): number {
    return this.child.pid ?? 0;
  }

  /** Kills it in the middle of what it does; resolves when it is gone. */
  async kill(): Promise<void> {
    const exited = once(this.child, 'exit');
    this.child.kill('SIGKILL');
    await exited;
  }

  /** Ends it, with or without a result. */
  async end(): Promise<void> {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return;
    const exited = once(this.child, 'exit');
    if (this.child.connected) this.child.disconnect();
    const timer = setTimeout(() => this.child.kill('SIGKILL'), STOP_MS);
    await exited;
    clearTimeout(timer);
  }

  private heard(kind: Said<Result>['kind']): Promise<Said<Result>> {
    return new Promise((resolve, reject) => {
      const onMessage = (said: Said<Result>): void => {
        if (said.kind === kind) settle(() => resolve(said));
      };
      const onExit = (code: number | null): void =>
        settle(() => reject(failed(this.name, `it ended with code ${code ?? 'none'}`)));
      const settle = (act: () => void): void => {
        this.child.off('message', onMessage);
        this.child.off('exit', onExit);
        act();
      };
      this.child.on('message', onMessage);
      this.child.on('exit', onExit);
    });
  }
}

const failed = (name: string, why: string): SluiceError =>
  new SluiceError(
    'BENCH_PROCESS_FAILED',
    `the process ${name} of the benchmark failed: ${why}; what it wrote stands above`,
  );

/** A contender that is ready. `check` looks at what the timed part left; it is neither timed nor profiled. */
export interface Prepared<Timed, Result> {
  readonly run: () => Promise<Timed>;
  readonly check: (timed: Timed) => Promise<Result> | Result;
  readonly stop: () => Promise<void>;
}

/**
 * The other side: prepares with the order, says ready, and runs on the word go. Ends when the parent is gone or has
 * what it wanted.
 */
export async function serveBench<Order, Timed, Result>(
  prepare: (order: Order) => Promise<Prepared<Timed, Result>>,
): Promise<void> {
  const gone = once(process, 'disconnect');
  const [{ order, profile }] = (await once(process, 'message')) as [Start<Order>];
  const { run, check, stop } = await prepare(order);
  const go = once(process, 'message');
  tell({ kind: 'ready' });
  const isGo = await Promise.race([go.then(() => true), gone.then(() => false)]);
  if (isGo) {
    const { result, summary } = profile === undefined ? { result: await run() } : await profiled(profile, run);
    tell({ kind: 'done', result: await check(result), ...(summary === undefined ? {} : { profile: summary }) });
    await gone;
  }
  await stop();
}

const tell = (said: Said<unknown>): void => void process.send?.(said);
