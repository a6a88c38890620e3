import { Worker } from 'node:worker_threads';

import { messageOf, SluiceError } from '@sluice/kernel';

import { Batch, type Order, READY } from './batch.js';

export const THREAD_FAILED = 'AUDIT_THREAD_FAILED';

/** Batches that are under way to one thread: so much is read ahead of it. */
const MAX_WAITING = 8;

/** A thread that looks at entries in their order, batch by batch. */
export class BatchThread<Extra, Answer> {
  readonly #worker: Worker;
  readonly #asked: ((answer: Answer) => void)[] = [];
  readonly #free: Batch[] = [];
  #filling: Batch | undefined;
  #failure: SluiceError | undefined;
  #wake = (): void => {};
  isReady = false;

  /** `script` stands beside this file, as tsc wrote it. */
  constructor(
    script: string,
    private readonly told: (answer: Answer) => void,
    private readonly extraOf: () => Extra,
  ) {
    // Also from the sources it runs what tsc wrote, and without the options that a test runner was started with.
    this.#worker = new Worker(new URL(`../../dist/lanes/${script}`, import.meta.url), { execArgv: [] });
    this.#worker.on('message', (answer: Answer | typeof READY) => {
      if (answer === READY) this.isReady = true;
      else this.#asked.shift()?.(answer);
      this.#wake();
    });
    this.#worker.on('error', (cause: unknown) => this.fail(cause));
    this.#worker.on('exit', (code) => this.fail(`it ended with ${code}`));
  }

  /** It is there, and would take this without delay. */
  hasRoom(length: number): boolean {
    return this.isReady && (!this.isBusy || this.#filling?.fits(length) === true);
  }

  get isBusy(): boolean {
    return this.#asked.length >= MAX_WAITING;
  }

  /** Undefined when it was taken at once; otherwise it is when this resolves. Code AUDIT_THREAD_FAILED. */
  add(bytes: Uint8Array, first: number, second: number): Promise<void> | undefined {
    if (this.#filling?.fits(bytes.length) !== true) return this.addToNext(bytes, first, second);
    this.#filling.put(bytes, first, second);
    return undefined;
  }

  /** Sends what was added so far. */
  flush(): void {
    const batch = this.#filling;
    if (batch === undefined) return;
    this.#filling = undefined;
    const { shared, size } = batch;
    this.ask({ batch: { shared, size, extra: this.extraOf() } }, (answer) => {
      batch.empty();
      if (batch.isUsual) this.#free.push(batch);
      this.told(answer);
    });
  }

  /** What it says at the end of everything. Code AUDIT_THREAD_FAILED. */
  async end(): Promise<Answer> {
    this.flush();
    const last: Answer[] = [];
    this.ask({}, (answer) => last.push(answer));
    await this.until(() => last.length > 0);
    return last[0] as Answer;
  }

  /** Resolves when it has looked at all that it was given. Code AUDIT_THREAD_FAILED. */
  async idle(): Promise<void> {
    this.flush();
    await this.until(() => this.#asked.length === 0);
  }

  async close(): Promise<void> {
    await this.#worker.terminate();
  }

  private async addToNext(bytes: Uint8Array, first: number, second: number): Promise<void> {
    this.flush();
    await this.until(() => !this.isBusy);
    const old = this.#free.pop();
    this.#filling = old?.fits(bytes.length) === true ? old : Batch.create(bytes.length);
    this.#filling.put(bytes, first, second);
  }

  private ask(order: Order<Extra>, answered: (answer: Answer) => void): void {
    this.#asked.push(answered);
    this.#worker.postMessage(order);
  }

  private fail(cause: unknown): void {
    const words = `a thread of the verification failed: ${messageOf(cause)}; run it with fewer at once, or report it`;
    this.#failure ??= new SluiceError(THREAD_FAILED, words, {}, { cause });
    this.#wake();
  }

  private async until(isSo: () => boolean): Promise<void> {
    for (;;) {
      if (isSo()) return;
      if (this.#failure !== undefined) throw this.#failure;
      await new Promise<void>((resolve) => (this.#wake = resolve));
    }
  }
}
