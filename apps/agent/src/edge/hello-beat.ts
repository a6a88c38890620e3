import type { Hello } from '@sluice/contracts';
import { type CancelTimer, type Clock, messageOf } from '@sluice/kernel';
import type { Logger } from '@sluice/observability';

export interface HelloBeatDeps {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly intervalMs: number;
  readonly compose: () => Promise<Hello>;
  readonly publish: (hello: Hello) => void;
}

/** Says hello at the start, each interval, and at once when a fact changed; never two at a time, so never out of order. */
export class HelloBeat {
  private cancel: CancelTimer | undefined;
  private saying: Promise<void> | undefined;
  private again = false;
  private stopped = false;

  constructor(private readonly deps: HelloBeatDeps) {}

  /** Facts that change while one hello is made are in the next. */
  say(): void {
    if (this.stopped) return;
    this.again = true;
    this.saying ??= this.sayAll();
  }

  async stop(): Promise<void> {
    this.stopped = true;
    this.cancel?.();
    await this.saying;
  }

  private async sayAll(): Promise<void> {
    while (this.again && !this.stopped) {
      this.again = false;
      try {
        this.deps.publish(await this.deps.compose());
      } catch (error) {
        this.deps.logger.warn({ reason: messageOf(error) }, 'a hello could not be said');
      }
    }
    // In the same turn as the last look at `again`: a later one would lose a change that came in between.
    this.saying = undefined;
    this.arm();
  }

  private arm(): void {
    this.cancel?.();
    if (!this.stopped) this.cancel = this.deps.clock.schedule(this.deps.intervalMs, () => this.say());
  }
}
