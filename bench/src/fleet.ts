import type { Msg, NatsConnection } from '@nats-io/nats-core';
import {
  type AttemptStatus,
  type ReportAnswer,
  type RunCommand,
  type RunReport,
  shardOfId,
  type StatusQuery,
  SUBJECTS,
} from '@sluice/contracts';

import { Requester } from './requester.js';

/** What the fleet did. */
export interface FleetCounts {
  readonly runs: number;
  readonly acked: number;
  readonly resent: number;
  readonly refused: number;
  /** The most runs that were under way at once. */
  readonly most: number;
}

/** How the names of hosts begin that take their runs and never report. */
export const HELD = 'held';

const RESEND_MS = 500;
const UNANSWERED_MS = 5_000;
const ACCEPTED = JSON.stringify({ ok: true, state: 'accepted' });

/** A report that is sent until it is acknowledged. */
interface Unanswered {
  readonly attempt: string;
  readonly subject: string;
  readonly text: string;
  /** By performance.now(), for the first and the last time. */
  readonly first: number;
  sent: number;
  readonly onAck: (ms: number) => void;
}

/**
 * Every host of a fleet on one connection: takes each run, hands it to `onRun`, and sends the report that it is given
 * until that is acknowledged. A run without its report yet is said to be under way.
 */
export class Fleet {
  readonly counts = { runs: 0, acked: 0, resent: 0, refused: 0, most: 0 };
  private readonly requester: Requester;
  /** A run that comes again, because its answer was late, is not done again. */
  private readonly seen = new Set<string>();
  /** In the order in which they were sent last. */
  private readonly unanswered = new Map<string, Unanswered>();
  /** Attempts whose report has not been sent. */
  private readonly underWay = new Map<string, RunCommand>();

  constructor(
    private readonly nats: NatsConnection,
    private readonly onRun: (run: RunCommand) => void,
  ) {
    this.requester = new Requester(nats);
    setInterval(() => this.sweep(), UNANSWERED_MS / 2).unref();
    nats.subscribe(SUBJECTS.allAgentRuns, { callback: (_, message) => this.onRunMessage(message) });
    nats.subscribe(SUBJECTS.allAgentStatus, {
      callback: (_, message) => void message.respond(JSON.stringify(this.statusOf(message.json<StatusQuery>()))),
    });
  }

  /** Does all steps of the run, or all before verify, which fails. `onAck` gets the time from sending to the answer, ms. */
  report(run: RunCommand, failed = false, onAck: (ms: number) => void = () => undefined): void {
    this.underWay.delete(run.attempt);
    const subject = SUBJECTS.report(shardOfId(run.rollout) ?? '', run.host);
    const text = JSON.stringify(failed ? failureOf(run) : reportOf(run));
    const now = performance.now();
    this.send({ attempt: run.attempt, subject, text, first: now, sent: now, onAck });
  }

  private onRunMessage(message: Msg): void {
    message.respond(ACCEPTED);
    const run = message.json<RunCommand>();
    if (this.seen.has(run.attempt)) return;
    this.seen.add(run.attempt);
    this.counts.runs += 1;
    this.underWay.set(run.attempt, run);
    this.counts.most = Math.max(this.counts.most, this.underWay.size);
    this.onRun(run);
  }

  private statusOf({ attempt }: StatusQuery): AttemptStatus {
    const unanswered = this.unanswered.get(attempt);
    if (unanswered !== undefined) return { state: 'ended', report: JSON.parse(unanswered.text) as RunReport };
    const run = this.underWay.get(attempt);
    const step = run?.steps[0];
    if (run === undefined || step === undefined) return { state: 'neverSeen' };
    return { state: 'running', step, report: { ...reportOf(run), final: false, steps: [] } };
  }

  private send(report: Unanswered): void {
    report.sent = performance.now();
    this.unanswered.delete(report.attempt);
    this.unanswered.set(report.attempt, report);
    this.requester.request(report.subject, report.text, (message) => {
      const answer = message.data.length === 0 ? undefined : message.json<ReportAnswer>();
      if (answer?.ok !== true && answer?.retry !== false) {
        setTimeout(() => this.sendAgain(report), RESEND_MS);
      } else if (this.unanswered.delete(report.attempt)) {
        if (answer.ok) report.onAck(performance.now() - report.first);
        this.counts[answer.ok ? 'acked' : 'refused'] += 1;
      }
    });
  }

  private sendAgain(report: Unanswered): void {
    if (!this.unanswered.has(report.attempt)) return;
    this.counts.resent += 1;
    this.send(report);
  }

  /** What was sent to an executor that is gone by now has no answer: the oldest stand first. */
  private sweep(): void {
    const before = performance.now() - UNANSWERED_MS;
    const late: Unanswered[] = [];
    for (const report of this.unanswered.values()) {
      if (report.sent > before) break;
      late.push(report);
    }
    for (const report of late) this.sendAgain(report);
  }
}

function reportOf({ host, rollout, attempt, target, kind, n, token, steps }: RunCommand): RunReport {
  return {
    v: 1,
    host,
    rollout,
    attempt,
    target,
    kind,
    n,
    token,
    final: true,
    steps: steps.map((step) => ({ step, ok: true, ms: 1 })),
  };
}

function failureOf(run: RunCommand): RunReport {
  const done = run.steps.slice(0, run.steps.indexOf('verify')).map((step) => ({ step, ok: true, ms: 1 }));
  const failed = {
    step: 'verify',
    ok: false,
    ms: 1,
    code: 'VERIFY_FAILED',
    message: 'no answer',
    serving: false,
  } as const;
  return { ...reportOf(run), steps: [...done, failed] };
}
