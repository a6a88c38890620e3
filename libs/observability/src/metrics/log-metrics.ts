import type { DomainEvent, EventToAppend, StepName, StreamHead, StreamName } from '@sluice/contracts';
import { isSluiceError } from '@sluice/kernel';

import { COUNTS, LONG_SECONDS, SHORT_SECONDS } from './buckets.js';
import type { Counter, Histogram, Metrics } from './port.js';

const STEPS = ['probe', 'drain', 'download', 'install', 'verify', 'enable'] as const satisfies readonly StepName[];
const SERVICES = ['planner', 'executor', 'health-gate', 'notifier', 'gateway'];
/** Apps that are told apart; those that come later are `other`. */
export const MAX_APPS = 50;
const MAX_CODES = 64;

interface Appended {
  readonly stream: StreamName;
  readonly head: StreamHead;
  readonly events: readonly EventToAppend[];
  readonly tookMs: number;
}

/** What looks on at a log for one service (an observer of ObservedEventLog). */
export interface LogMeter {
  readonly appended: (commit: Appended) => void;
  readonly appendFailed: (stream: StreamName, error: unknown) => void;
}

/**
 * Everything that is decided is in the log, so most of what there is to count is counted from durable commits: the
 * deciders know nothing of it, and what was counted did happen.
 */
export function logMetrics(metrics: Metrics, service: string): LogMeter {
  const labels = { service };
  const bounds = { service: SERVICES };
  const commitEvents = metrics.histogram({
    name: 'sluice_log_commit_events',
    help: 'Events of each commit.',
    labels: bounds,
    buckets: COUNTS,
  });
  const appendSeconds = metrics.histogram({
    name: 'sluice_log_append_seconds',
    help: 'From handing a commit to the log to its acknowledgement.',
    labels: bounds,
    buckets: SHORT_SECONDS,
  });
  const failures = metrics.counter({
    name: 'sluice_log_append_failures_total',
    help: 'Commits that the log did not take; CONCURRENCY_CONFLICT: another writer was faster.',
    labels: { ...bounds, code: MAX_CODES },
  });
  const events = new EventMeter(metrics);
  return {
    appended: (commit) => {
      commitEvents.observe(commit.events.length, labels);
      appendSeconds.observe(commit.tookMs / 1_000, labels);
      events.count(commit.events);
    },
    appendFailed: (_stream, error) => failures.add(1, { service, code: isSluiceError(error) ? error.code : 'OTHER' }),
  };
}

type Tally = Map<string, number>;

/** Counts the events of a commit: those of steps are added up first, because there are so many. */
class EventMeter {
  private readonly steps: Counter;
  private readonly stepSeconds: Histogram;
  private readonly singles: Singles;

  constructor(metrics: Metrics) {
    this.steps = metrics.counter({
      name: 'sluice_steps_total',
      help: 'Results of steps, as they were committed.',
      labels: { step: STEPS, outcome: ['succeeded', 'failed'] },
    });
    this.stepSeconds = metrics.histogram({
      name: 'sluice_step_seconds',
      help: 'How long steps took on their hosts.',
      labels: { step: STEPS },
      buckets: LONG_SECONDS,
    });
    this.singles = new Singles(metrics);
  }

  count(events: readonly EventToAppend[]): void {
    const succeeded: Tally = new Map();
    for (const { event } of events) {
      if (event.type === 'StepSucceeded') {
        succeeded.set(event.step, (succeeded.get(event.step) ?? 0) + 1);
        this.stepSeconds.observe(event.ms / 1_000, stepLabels[event.step]);
        continue;
      }
      if (event.type === 'StepFailed') {
        this.steps.add(1, { step: event.step, outcome: 'failed' });
        this.stepSeconds.observe(event.ms / 1_000, stepLabels[event.step]);
      }
      this.singles.count(event);
    }
    for (const [step, count] of succeeded) this.steps.add(count, { step, outcome: 'succeeded' });
  }
}

const stepLabels = Object.fromEntries(STEPS.map((step) => [step, { step }])) as Readonly<
  Record<StepName, { readonly step: StepName }>
>;

/** Events that come one at a time. */
class Singles {
  private readonly planTargets: Histogram;
  private readonly counters: Readonly<Record<keyof ReturnType<typeof counterSpecs>, Counter>>;

  constructor(metrics: Metrics) {
    this.planTargets = metrics.histogram({
      name: 'sluice_plan_targets',
      help: 'Targets of each plan.',
      labels: { strategy: ['canary', 'rolling', 'scaleOut', 'rollback'] },
      buckets: COUNTS,
    });
    const specs = counterSpecs();
    this.counters = Object.fromEntries(
      Object.entries(specs).map(([key, spec]) => [key, metrics.counter(spec)]),
    ) as unknown as typeof this.counters;
  }

  // Not exhaustive on purpose: most events are told by no metric.
  count(event: DomainEvent): void {
    const { counters } = this;
    switch (event.type) {
      case 'RolloutPlanned':
        counters.requests.add(1, { app: event.plan.app, outcome: 'planned' });
        return this.planTargets.observe(event.plan.targetCount, { strategy: event.plan.strategy });
      case 'RequestRefused':
        counters.requests.add(1, { app: event.app ?? 'unknown', outcome: 'refused' });
        for (const code of new Set(event.faults.map((fault) => fault.code))) counters.faults.add(1, { code });
        return;
      case 'TargetsAdmitted':
        return counters.admissions.add(event.targets.length, { run: event.run });
      case 'StepFailed':
        return counters.stepFailures.add(1, { step: event.step, code: event.code });
      case 'TargetUnknown':
        return counters.unknown.add(1, { code: event.code });
      case 'RolloutBraked':
        return counters.brakes.add(1, { kind: event.cause.kind });
      case 'BrakeReleased':
        return counters.releases.add(1, { by: event.by });
      case 'GateJudged':
        return counters.verdicts.add(1, { gate: event.gate, verdict: event.verdict });
      case 'NoticeDelivered':
        return counters.notices.add(1, { severity: event.severity });
      default:
        return this.ended(event);
    }
  }

  private ended({ type }: DomainEvent): void {
    const outcome = OUTCOMES[type];
    if (outcome !== undefined) this.counters.ended.add(1, { outcome });
  }
}

const OUTCOMES: Readonly<Partial<Record<DomainEvent['type'], string>>> = {
  RolloutSucceeded: 'succeeded',
  RolloutFailed: 'failed',
  RolloutCancelled: 'cancelled',
  RolloutClosed: 'closed',
};

const counterSpecs = () => ({
  requests: {
    name: 'sluice_requests_total',
    help: 'Deploy requests and rollbacks by what became of them.',
    labels: { app: MAX_APPS, outcome: ['planned', 'refused'] },
  },
  faults: {
    name: 'sluice_request_faults_total',
    help: 'Refused requests by what was wrong with them, each code once a request.',
    labels: { code: MAX_CODES },
  },
  admissions: {
    name: 'sluice_admissions_total',
    help: 'Targets that were admitted.',
    labels: { run: ['roll', 'enable', 'probe'] },
  },
  stepFailures: {
    name: 'sluice_step_failures_total',
    help: 'Failed steps by their code.',
    labels: { step: STEPS, code: MAX_CODES },
  },
  unknown: {
    name: 'sluice_targets_unknown_total',
    help: 'Targets of which nothing was heard in time.',
    labels: { code: ['DEADLINE', 'UNREACHABLE'] },
  },
  brakes: { name: 'sluice_brakes_total', help: 'Brakes by their kind.', labels: { kind: 16 } },
  releases: { name: 'sluice_brake_releases_total', help: 'Brakes that were released, by how.', labels: { by: 16 } },
  verdicts: {
    name: 'sluice_gate_verdicts_total',
    help: 'Verdicts of gates.',
    labels: { gate: 16, verdict: ['pass', 'fail', 'inconclusive', 'error'] },
  },
  notices: {
    name: 'sluice_notifications_total',
    help: 'Notifications that were delivered and recorded.',
    labels: { severity: ['info', 'warning', 'critical'] },
  },
  ended: {
    name: 'sluice_rollouts_ended_total',
    help: 'Ends of rollouts.',
    labels: { outcome: ['succeeded', 'failed', 'cancelled', 'closed'] },
  },
});
