import type { ReportAnswer, RunReport } from '@sluice/contracts';
import type { Metrics } from '@sluice/observability';

type OnReport = (report: RunReport) => Promise<ReportAnswer>;

const OK = { answer: 'ok' } as const;

/** Reports by what they were answered, and those that wait for their decision and their commit. */
export function meteredReports(onReport: OnReport, metrics: Metrics): OnReport {
  const answers = metrics.counter({
    name: 'sluice_reports_total',
    help: 'Reports of agents by their answer: ok once durable, or the code of the refusal.',
    labels: { answer: 32 },
  });
  let waiting = 0;
  const spec = { name: 'sluice_reports_waiting', help: 'Reports that are decided or wait for their commit.' };
  metrics.gauge(spec, () => [{ value: waiting }]);
  return (report) => {
    waiting += 1;
    return onReport(report).then(
      (answered) => {
        waiting -= 1;
        answers.add(1, answered.ok ? OK : { answer: answered.code });
        return answered;
      },
      (error: unknown) => {
        waiting -= 1;
        answers.add(1, { answer: 'INTERNAL' });
        throw error;
      },
    );
  };
}
