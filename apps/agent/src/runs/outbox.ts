import type { ReportAnswer, RunReport } from '@sluice/contracts';
import { type CancelTimer, type Clock, messageOf } from '@sluice/kernel';
import type { Logger } from '@sluice/observability';

const AT_ONCE = 8;
const FIRST_WAIT_MS = 200;
const LONGEST_WAIT_MS = 10_000;
/** Steps that end within this of each other share one message. */
const PROGRESS_WINDOW_MS = 200;

export interface OutboxDeps {
  readonly clock: Clock;
  readonly logger: Logger;
  /** One request to the rollout's owner; rejects when no answer came in time. */
  readonly send: (report: RunReport) => Promise<ReportAnswer>;
  /** Nobody needs this final report any more. */
  readonly settled: (attempt: string) => Promise<void>;
  /** In [0, 1): spreads the tries of many agents when the owner is back. */
  readonly random: () => number;
}

interface Pending {
  readonly report: RunReport;
  waitMs: number;
}

/**
 * Brings reports to the owner of their rollout. Progress is told once, best effort. A final report is sent again, with
 * growing waits of at most 10 s, until it is durable there or nobody wants it; how many can wait is bounded by the
 * journal that they come from.
 */
export class Outbox {
  private readonly pending = new Map<string, Pending>();
  private readonly due: string[] = [];
  private readonly timers = new Map<string, CancelTimer>();
  private inFlight = 0;
  private stopped = false;

  constructor(private readonly deps: OutboxDeps) {}

  /** `report` is asked when the message leaves, so that it holds all steps up to then. */
  progress(attempt: string, report: () => RunReport): void {
    if (this.stopped || this.timers.has(attempt)) return;
    const fire = (): void => {
      this.timers.delete(attempt);
      const told = report();
      const { rollout } = told;
      this.deps.send(told).catch((error: unknown) => {
        this.deps.logger.debug({ rollout, attempt, reason: messageOf(error) }, 'nobody took the progress of a run');
      });
    };
    this.timers.set(attempt, this.deps.clock.schedule(PROGRESS_WINDOW_MS, fire));
  }

  final(report: RunReport): void {
    this.cancel(report.attempt);
    if (this.stopped || this.pending.has(report.attempt)) return;
    this.pending.set(report.attempt, { report, waitMs: FIRST_WAIT_MS });
    this.due.push(report.attempt);
    this.pump();
  }

  stop(): void {
    this.stopped = true;
    for (const cancel of this.timers.values()) cancel();
    this.timers.clear();
  }

  private cancel(attempt: string): void {
    this.timers.get(attempt)?.();
    this.timers.delete(attempt);
  }

  private pump(): void {
    while (!this.stopped && this.inFlight < AT_ONCE) {
      const attempt = this.due.shift();
      const entry = attempt === undefined ? undefined : this.pending.get(attempt);
      if (entry === undefined) return;
      this.inFlight += 1;
      void this.deliver(entry).finally(() => {
        this.inFlight -= 1;
        this.pump();
      });
    }
  }

  private async deliver(entry: Pending): Promise<void> {
    const { attempt, rollout } = entry.report;
    try {
      const answer = await this.deps.send(entry.report);
      if (!answer.ok && answer.retry) return this.later(entry, answer.message);
      if (!answer.ok)
        this.deps.logger.warn({ rollout, attempt, code: answer.code }, `nobody wants this report: ${answer.message}`);
      await this.deps.settled(attempt);
      this.pending.delete(attempt);
    } catch (error) {
      this.later(entry, messageOf(error));
    }
  }

  private later(entry: Pending, reason: string): void {
    if (this.stopped) return;
    const { attempt, rollout } = entry.report;
    const waitMs = Math.round(entry.waitMs * (0.75 + this.deps.random() / 2));
    this.deps.logger.debug({ rollout, attempt, waitMs, reason }, 'a final report waits for its next try');
    entry.waitMs = Math.min(LONGEST_WAIT_MS, entry.waitMs * 2);
    const again = (): void => {
      this.timers.delete(attempt);
      this.due.push(attempt);
      this.pump();
    };
    this.timers.set(attempt, this.deps.clock.schedule(waitMs, again));
  }
}
