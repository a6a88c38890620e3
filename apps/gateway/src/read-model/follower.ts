import { ALL_SHARDS, type RecordedCommit, type Writer } from '@sluice/contracts';
import type { EventLog } from '@sluice/event-log';
import { type Clock, isSluiceError } from '@sluice/kernel';
import type { Logger } from '@sluice/observability';

const WRITERS: readonly Writer[] = ['plan', 'exec', 'group', 'dependency', 'freeze', 'label', 'gate'];
const FIRST_PAUSE_MS = 200;
const LONGEST_PAUSE_MS = 10_000;

export interface FollowerParts {
  /** Only what these wrote; all that rollouts are about when absent. */
  readonly writers?: readonly Writer[];
  /** Begins with the last commit of each stream: whoever applies it reads what is before it. */
  readonly latest?: boolean;
  readonly log: EventLog;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly apply: (commit: RecordedCommit) => Promise<void>;
  /** The log lost its tail: what was applied may be what it lost, and everything is read anew. */
  readonly forgetAll: () => void;
}

/**
 * Keeps the read models behind the log: catches up, goes on live, starts again where it was after a fault. A log that
 * is gone is no fault to get over: then it stops and says so.
 */
export class LogFollower {
  private readonly abort = new AbortController();
  private position = 0;
  private live = false;
  private fault: string | undefined;
  private done: Promise<void> = Promise.resolve();
  private readonly waiting = new Set<() => void>();

  constructor(private readonly parts: FollowerParts) {}

  start(): void {
    this.done = this.run();
  }

  async stop(): Promise<void> {
    this.abort.abort();
    await this.done;
  }

  /** `live` once everything that stood in the log at the start has been read. */
  get status(): { readonly live: boolean; readonly position: number; readonly fault?: string } {
    const { live, position, fault } = this;
    return { live, position, ...(fault === undefined ? {} : { fault }) };
  }

  /** Resolves when it is live, or after `boundMs`. */
  async whenLive(boundMs: number): Promise<void> {
    if (this.live) return;
    await new Promise<void>((resolve) => {
      const cancel = this.parts.clock.schedule(boundMs, resolve);
      this.waiting.add(() => {
        cancel();
        resolve();
      });
    });
  }

  private async run(): Promise<void> {
    let pause = FIRST_PAUSE_MS;
    while (!this.abort.signal.aborted) {
      const from = this.position;
      try {
        await this.followOnce();
      } catch (error) {
        if (this.abort.signal.aborted) return;
        if (!this.survives(error)) return;
      }
      pause = this.position > from ? FIRST_PAUSE_MS : Math.min(pause * 2, LONGEST_PAUSE_MS);
      await this.wait(pause);
    }
  }

  private async followOnce(): Promise<void> {
    const { log, apply, writers = WRITERS, latest = false } = this.parts;
    const begin = latest && this.position === 0 ? { from: 0, latest } : { from: this.position + 1 };
    const options = { shards: ALL_SHARDS, writers, ...begin, signal: this.abort.signal };
    for await (const followed of log.follow(options)) {
      this.fault = undefined;
      if (followed.kind === 'live') {
        this.goLive();
        continue;
      }
      await apply(followed.commit);
      this.position = followed.commit.head.position;
    }
  }

  private goLive(): void {
    this.live = true;
    for (const told of this.waiting) told();
    this.waiting.clear();
  }

  private survives(error: unknown): boolean {
    this.fault = isSluiceError(error) ? error.code : 'FOLLOW_FAILED';
    const lasting = isSluiceError(error, 'LOG_MISSING');
    if (lasting) {
      this.live = false;
      this.parts.logger.fatal({ err: error }, 'the log is gone: the read models stop; nothing is created anew');
    } else if (isSluiceError(error, 'LOG_REGRESSED')) {
      this.parts.logger.warn({ err: error }, 'the log lost its tail: the read models are built anew');
      this.live = false;
      this.position = 0;
      this.parts.forgetAll();
    } else this.parts.logger.warn({ err: error, position: this.position }, 'following the log failed: trying again');
    return !lasting;
  }

  private async wait(ms: number): Promise<void> {
    const { signal } = this.abort;
    if (signal.aborted) return;
    await new Promise<void>((resolve) => {
      const cancel = this.parts.clock.schedule(ms, resolve);
      signal.addEventListener('abort', () => (cancel(), resolve()), { once: true });
    });
  }
}
