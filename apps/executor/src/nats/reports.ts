import type { NatsConnection } from '@nats-io/nats-core';
import { parseRunReport, type ReportAnswer, type RunReport, type Shard, shardOfId, SUBJECTS } from '@sluice/contracts';
import { type Log, type RunningService, serveJson } from '@sluice/messaging';

/** Reports that are decided or wait for their commit at once; agents send again what was refused. */
const MAX_IN_FLIGHT = 50_000;

/** Reports of the shards' hosts, answered after their commit. A host speaks for itself only. */
export function serveReports(
  nats: NatsConnection,
  shards: readonly Shard[],
  onReport: (report: RunReport) => Promise<ReportAnswer>,
  log: Log,
): RunningService {
  const handler = (report: RunReport, subject: string): Promise<ReportAnswer> | ReportAnswer => {
    const shard = shardOfId(report.rollout);
    if (shard === undefined || subject !== SUBJECTS.report(shard, report.host)) {
      return {
        ok: false,
        code: 'BAD_REPORT',
        message: `${subject} is not where ${report.host} reports on ${report.rollout}`,
        retry: false,
      };
    }
    return onReport(report);
  };
  const served = shards.map((shard) =>
    serveJson(nats, SUBJECTS.reportsOfShard(shard), handler, {
      queue: 'executor',
      maxInFlight: MAX_IN_FLIGHT,
      parse: parseRunReport,
      log,
    }),
  );
  return {
    name: 'reports',
    stop: async () => void (await Promise.allSettled(served.map((service) => service.stop()))),
  };
}
