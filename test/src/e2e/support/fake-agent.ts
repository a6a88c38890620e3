import type { Msg, NatsConnection } from '@nats-io/nats-core';
import {
  attemptId,
  parseRunCommand,
  type ReportAnswer,
  type RunCommand,
  type RunReport,
  type Shard,
  shardOfId,
  SUBJECTS,
} from '@sluice/contracts';

export const ACCEPTED = JSON.stringify({ ok: true, state: 'accepted' });

/** A host that is played by the test over plain NATS: it answers what it is told to answer, true or not. */
export class FakeAgent {
  readonly runs: RunCommand[] = [];
  /** What it answers to the next runs. */
  answer: (run: RunCommand) => string | Uint8Array = () => ACCEPTED;

  constructor(
    private readonly nats: NatsConnection,
    readonly host: string,
  ) {
    const callback = (error: Error | null, message: Msg): void => {
      if (error !== null) return;
      const run = parseRunCommand(message.data);
      this.runs.push(run);
      message.respond(this.answer(run));
    };
    nats.subscribe(SUBJECTS.agentRun(host), { callback });
  }

  get run(): RunCommand {
    const last = this.runs.at(-1);
    if (last === undefined) throw new Error(`${this.host} was given no run`);
    return last;
  }

  /** What an honest agent would report of its last run, with these steps done. */
  report(steps: readonly string[] = this.run.steps, final = steps.length === this.run.steps.length): RunReport {
    const { rollout, attempt, target, kind, n, token } = this.run;
    const done = steps.map((step) => ({ step: step as RunReport['steps'][number]['step'], ok: true, ms: 1 }));
    return { v: 1, host: this.host, rollout, attempt, target, kind, n, token, final, steps: done };
  }

  /** What this host would report of a run like that of another one, had it done all of it. */
  forgedFrom({ rollout, kind, n, token, steps }: RunCommand): Omit<RunReport, 'target'> {
    const attempt = attemptId(rollout, this.host, steps[0] ?? 'probe', n);
    const done = steps.map((step) => ({ step, ok: true, ms: 1 }));
    return { v: 1, host: this.host, rollout, attempt, kind, n, token, final: true, steps: done };
  }

  /** Sends a report, as this host on its own subject unless told otherwise. */
  async send(report: unknown, as: { readonly host?: string; readonly shard?: Shard } = {}): Promise<ReportAnswer> {
    const subject = SUBJECTS.report(as.shard ?? shardOfId(this.run.rollout) ?? '00', as.host ?? this.host);
    const payload = typeof report === 'string' ? report : JSON.stringify(report);
    return (await this.nats.request(subject, payload, { timeout: 10_000 })).json<ReportAnswer>();
  }
}
