import type { NatsConnection } from '@nats-io/nats-core';

type Waiter = () => void;

/** Whether the connection stands, and the moments when that changes. Ends with the connection. */
export class ConnectionWatch {
  #isUp = true;
  #connections = 1;
  readonly #nats: NatsConnection;
  readonly #onLost = new Set<Waiter>();
  readonly #onUp = new Set<Waiter>();

  constructor(nats: NatsConnection) {
    this.#nats = nats;
    void this.#watch();
  }

  get isUp(): boolean {
    return this.#isUp;
  }

  /** How often it was made: another number means that the server may be another one. */
  get connections(): number {
    return this.#connections;
  }

  get isClosed(): boolean {
    return this.#nats.isClosed();
  }

  /** Runs `work`, but no longer than until the connection is lost: then 'lost'. What work does afterwards is ignored. */
  async whileUp<T>(work: Promise<T>): Promise<T | 'lost'> {
    let wake: Waiter = () => {};
    const lost = new Promise<'lost'>((resolve) => {
      wake = () => resolve('lost');
      this.#onLost.add(wake);
    });
    try {
      return await Promise.race([work, lost]);
    } finally {
      this.#onLost.delete(wake);
    }
  }

  /** Calls `fire` once when the connection is lost; the answer takes it back. */
  onLost(fire: Waiter): Waiter {
    this.#onLost.add(fire);
    return () => void this.#onLost.delete(fire);
  }

  /** At least `pauseMs`, then until the connection stands, but no longer than `maxMs`. */
  async untilUp(pauseMs: number, maxMs: number): Promise<void> {
    await new Promise((resolve) => setTimeout(resolve, Math.min(pauseMs, maxMs)));
    if (this.#isUp || this.isClosed) return;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(done, Math.max(0, maxMs - pauseMs));
      const onUp = this.#onUp;
      onUp.add(done);
      function done(): void {
        clearTimeout(timer);
        onUp.delete(done);
        resolve();
      }
    });
  }

  async #watch(): Promise<void> {
    for await (const { type } of this.#nats.status()) {
      if (type === 'disconnect') this.#change(false, this.#onLost);
      else if (type === 'reconnect') this.#change(true, this.#onUp);
    }
    this.#change(false, this.#onLost);
    this.#change(false, this.#onUp);
  }

  #change(isUp: boolean, waiting: Set<Waiter>): void {
    this.#isUp = isUp;
    if (isUp) this.#connections += 1;
    const woken = [...waiting];
    waiting.clear();
    for (const wake of woken) wake();
  }
}
