import type { Msg, NatsConnection } from '@nats-io/nats-core';
import { parseRunReport, type ReportAnswer, type RunReport, type Shard, shardOfId, SUBJECTS } from '@sluice/contracts';
import { isSluiceError, messageOf } from '@sluice/kernel';
import type { Log, RunningService } from '@sluice/messaging';

/** Reports that are decided or wait for their commit at once; agents send again what was refused. */
const MAX_IN_FLIGHT = 50_000;
/** How long `stop` waits for the reports whose commit is under way. */
const DRAIN_MS = 5_000;

const OK = new TextEncoder().encode(JSON.stringify({ ok: true } satisfies ReportAnswer));

/**
 * Reports of the shards' hosts, answered after their commit. A host speaks for itself only. This is the hot path: a
 * report costs its parser, its decision and one promise.
 */
export function serveReports(
  nats: NatsConnection,
  shards: readonly Shard[],
  onReport: (report: RunReport) => Promise<ReportAnswer>,
  log: Log,
): RunningService {
  const intake = new ReportIntake(onReport, log);
  const subscriptions = shards.map((shard) =>
    nats.subscribe(SUBJECTS.reportsOfShard(shard), {
      callback: (error, message) => {
        if (error === null) intake.take(shard, message);
        else log.error({ shard, reason: error.message }, 'the subscription to reports failed');
      },
    }),
  );
  return {
    name: 'reports',
    stop: async () => {
      await Promise.all(
        subscriptions.map((subscription) => subscription.drain().catch(() => subscription.unsubscribe())),
      );
      await intake.drained(DRAIN_MS);
    },
  };
}

class ReportIntake {
  private inFlight = 0;
  private onEmpty: () => void = () => undefined;

  constructor(
    private readonly onReport: (report: RunReport) => Promise<ReportAnswer>,
    private readonly log: Log,
  ) {}

  take(shard: Shard, message: Msg): void {
    if (this.inFlight >= MAX_IN_FLIGHT) {
      answer(message, refusal('BUSY', 'too many reports at once: send it again in a moment', true));
      return;
    }
    let report: RunReport;
    try {
      report = parseRunReport(message.data);
    } catch (error) {
      answer(message, refusal(isSluiceError(error) ? error.code : 'BAD_MESSAGE', messageOf(error), false));
      return;
    }
    if (shardOfId(report.rollout) !== shard || message.subject !== SUBJECTS.report(shard, report.host)) {
      const why = `${message.subject} is not where ${report.host} reports on ${report.rollout}`;
      answer(message, refusal('BAD_REPORT', why, false));
      return;
    }
    this.inFlight += 1;
    this.onReport(report).then(
      (answered) => this.done(message, answered),
      (error: unknown) => {
        const { host, rollout, attempt } = report;
        this.log.error({ host, rollout, attempt, reason: messageOf(error) }, 'a report failed');
        this.done(message, refusal('INTERNAL', 'the report failed in the executor; its log says why', true));
      },
    );
  }

  /** Resolves when no report is under way, and after `boundMs` at the latest. */
  async drained(boundMs: number): Promise<void> {
    if (this.inFlight === 0) return;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, boundMs);
      this.onEmpty = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  private done(message: Msg, answered: ReportAnswer): void {
    this.inFlight -= 1;
    answer(message, answered);
    if (this.inFlight === 0) this.onEmpty();
  }
}

const refusal = (code: string, message: string, retry: boolean): ReportAnswer => ({ ok: false, code, message, retry });

/** A report without a reply subject is one of progress: nobody waits for its answer. */
function answer(message: Msg, answered: ReportAnswer): void {
  if (message.reply !== undefined && message.reply !== '') message.respond(answered.ok ? OK : JSON.stringify(answered));
}
