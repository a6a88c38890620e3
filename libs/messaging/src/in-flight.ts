/** Work that has begun and not ended. */
export class InFlight {
  readonly #works = new Set<Promise<void>>();
  #wake: (() => void) | undefined;

  get size(): number {
    return this.#works.size;
  }

  /** `work` must never reject. */
  add(work: Promise<void>): void {
    this.#works.add(work);
    void work.finally(() => {
      this.#works.delete(work);
      this.#wake?.();
    });
  }

  /** Resolves once there are fewer than `limit`. One waiter at a time. */
  async below(limit: number): Promise<void> {
    while (this.#works.size >= limit) {
      await new Promise<void>((resolve) => (this.#wake = resolve));
    }
    this.#wake = undefined;
  }

  /** Resolves when all have ended, and after `boundMs` at the latest. True when all have. */
  async settled(boundMs: number): Promise<boolean> {
    let timer: NodeJS.Timeout | undefined;
    const bound = new Promise<void>((resolve) => (timer = setTimeout(resolve, boundMs)));
    await Promise.race([Promise.all(this.#works), bound]);
    clearTimeout(timer);
    return this.#works.size === 0;
  }
}
