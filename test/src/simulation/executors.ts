import type { Clock } from '@sluice/kernel';
import type { Random } from '@sluice/testing';

import type { ExecutorService } from './services.js';

/** The executors of a world: one, or several that all believe that every shard is theirs (C15). */
export class Executors {
  private readonly running: ExecutorService[];

  constructor(
    count: number,
    private readonly make: () => ExecutorService,
    private readonly random: Random,
    private readonly clock: Clock,
  ) {
    this.running = Array.from({ length: count }, make);
  }

  /** Whoever happens to answer. */
  any(): ExecutorService {
    return this.at(this.running.length === 1 ? 0 : this.random.int(this.running.length));
  }

  /** Asks whoever happens to answer. */
  ask<T>(work: (service: ExecutorService) => Promise<T>): Promise<T> {
    const service = this.any();
    return service.life.answering(async () => work(service), this.clock);
  }

  get count(): number {
    return this.running.length;
  }

  at(index: number): ExecutorService {
    return this.running[index] as ExecutorService;
  }

  /** kill -9. False when it is dead already. */
  kill(index: number): boolean {
    return this.at(index).life.kill();
  }

  restart(index: number): void {
    this.running[index] = this.make();
  }

  killAll(): void {
    for (const { life } of this.running) life.kill();
  }
}
