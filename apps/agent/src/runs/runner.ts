import type { RunCommand, StepName, StepReport } from '@sluice/contracts';
import { type Clock, messageOf } from '@sluice/kernel';
import type { Logger } from '@sluice/observability';

import type { AppHost } from '../app/app-host.js';
import type { Journal } from '../journal/journal.js';
import type { JournalRecord } from '../journal/records.js';
import { sleep } from '../time/waiting.js';
import { reportOf } from './admission.js';
import { factsOf } from './facts.js';
import type { Outbox } from './outbox.js';
import { performStep } from './perform.js';

const JOURNAL_TRIES = 600;
const JOURNAL_WAIT_MS = 1_000;

export interface RunnerDeps {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly journal: Journal;
  readonly outbox: Outbox;
  readonly apps: ReadonlyMap<string, AppHost>;
}

/**
 * Does the steps of runs, strictly one after the other within a run (TAR-21), one run per app at a time, those of
 * several apps side by side (TAR-14). Everything is in the journal before and after it is done, so a run goes on after
 * a crash with the first step that has no result.
 */
export class Runner {
  private readonly busy = new Map<string, string>();
  private readonly going = new Set<Promise<void>>();
  private readonly stopping = new AbortController();

  constructor(private readonly deps: RunnerDeps) {}

  readonly busyWith = (app: string): string | undefined => this.busy.get(app);

  /** Takes the app for an attempt; the same turn must find it free. */
  reserve(run: RunCommand): void {
    this.busy.set(run.spec.app, run.attempt);
  }

  release(run: RunCommand): void {
    if (this.busy.get(run.spec.app) === run.attempt) this.busy.delete(run.spec.app);
  }

  /** Begins a run, or goes on with one, that the journal has accepted. */
  begin(run: RunCommand): void {
    this.reserve(run);
    const going = this.execute(run)
      .catch((error: unknown) => {
        this.deps.logger.error(
          { ...factsOf(run), reason: messageOf(error) },
          'a run stopped in its middle: restart the agent',
        );
      })
      .finally(() => this.going.delete(going));
    this.going.add(going);
  }

  /** Interrupts what can be interrupted; resolves when no run is at work any more. */
  async stop(): Promise<void> {
    this.stopping.abort();
    await Promise.all(this.going);
  }

  private async execute(run: RunCommand): Promise<void> {
    const { attempt } = run;
    for (let step = this.nextStep(run); step !== undefined; step = this.nextStep(run)) {
      await this.record({ t: 'began', at: this.deps.clock.now(), attempt, step });
      const report = await this.perform(run, step);
      if (report === undefined) return;
      await this.record({ t: 'done', at: this.deps.clock.now(), attempt, report });
      if (this.nextStep(run) !== undefined) this.deps.outbox.progress(attempt, () => reportOf(this.attemptOf(run)));
    }
    await this.record({ t: 'ended', at: this.deps.clock.now(), attempt });
    this.release(run);
    this.deps.outbox.final(reportOf(this.attemptOf(run)));
  }

  /** The first step without a result; undefined after the last, after a failure, and once the agent stops. */
  private nextStep(run: RunCommand): StepName | undefined {
    const { steps } = this.attemptOf(run);
    return steps.at(-1)?.ok === false ? undefined : run.steps[steps.length];
  }

  private attemptOf(run: RunCommand) {
    const found = this.deps.journal.state.attempts.get(run.attempt);
    return found ?? { run, steps: [], step: undefined, ended: false, settled: false };
  }

  /** The result of a step; undefined when it was interrupted and must be done again. */
  private async perform(run: RunCommand, step: StepName): Promise<StepReport | undefined> {
    const report = await performStep(this.deps, { run, step, stopping: this.stopping.signal });
    if (report === undefined) return undefined;
    const { ms, code, message: reason, note, source } = report;
    const fields = { ...factsOf(run), step, ms, code, reason, note, source };
    if (report.ok) this.deps.logger.info(fields, `${step} succeeded`);
    else this.deps.logger.warn(fields, `${step} failed`);
    return report;
  }

  /** A disk that is full for a while holds the run up; it never goes on without its journal. */
  private async record(entry: JournalRecord): Promise<void> {
    const { journal, clock, logger } = this.deps;
    const attempt = 'attempt' in entry ? entry.attempt : undefined;
    for (let i = 1; ; i += 1) {
      try {
        return await journal.append(entry);
      } catch (error) {
        if (i >= JOURNAL_TRIES || this.stopping.signal.aborted) throw error;
        if (i === 1) logger.error({ attempt, reason: messageOf(error) }, 'a run waits for the journal');
      }
      await sleep(clock, JOURNAL_WAIT_MS, this.stopping.signal);
    }
  }
}
