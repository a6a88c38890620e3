import { jetstream, type JetStreamClient } from '@nats-io/jetstream';
import { deferred, type Msg, type NatsConnection } from '@nats-io/nats-core';
import {
  encodeCommit,
  MAX_COMMIT_EVENTS,
  type Plan,
  STEP_CHAIN,
  STREAMS,
  streamKey,
  SUBJECTS,
} from '@sluice/contracts';
import { connectNats } from '@sluice/messaging';
import { newUlid } from '@sluice/observability';

import { type Prepared, serveBench } from '../child.js';
import { Requester } from '../requester.js';
import { STEPS_PER_TARGET, targetsOf } from '../rollouts.js';
import { planIn, type RoundOrder, type RoundResult, runsOf, SHARD } from './workload.js';

/** Requests to agents under way at once. More did not make it faster, fewer made it slower. */
const RUNS_IN_FLIGHT = 512;
const REPORTS_PER_COMMIT = Math.floor(MAX_COMMIT_EVENTS / STEPS_PER_TARGET);
const OK = JSON.stringify({ ok: true });
const HASH = 'f'.repeat(64);

type Timed = Omit<RoundResult, 'coldMs'>;

/** The same messages and the same commits as the product's, and no decision: what NATS, node and the disk allow. */
async function startLimit(order: RoundOrder): Promise<Prepared<Timed, RoundResult>> {
  const nats = await connectNats({ servers: order.servers, name: 'bench-limit' });
  const warmUps: number[] = [];
  for (let i = 1; i <= order.warmUps; i += 1) {
    warmUps.push((await new LimitRun(nats, `warm-up-${i}`, order.targets).run()).ms);
  }
  const timed = new LimitRun(nats, 'timed', order.targets);
  return {
    run: () => timed.run(),
    check: (result) => ({ ...result, coldMs: warmUps[0] ?? result.ms }),
    stop: () => nats.close(),
  };
}

/** One rollout's worth of messages. Everything that can be made beforehand is. */
class LimitRun {
  private readonly js: JetStreamClient;
  private readonly requester: Requester;
  private readonly plan: Plan;
  private readonly runs: readonly { readonly subject: string; readonly data: Uint8Array }[];
  private readonly events: readonly string[];
  private readonly subject: string;
  private readonly open: number;
  private readonly end = deferred<undefined>();
  private readonly waiting: Msg[] = [];
  private sent = 0;
  private inFlight = 0;
  private done = 0;
  private rev = 0;
  private position = 0;
  private committing = false;

  constructor(
    private readonly nats: NatsConnection,
    version: string,
    private readonly count: number,
  ) {
    const targets = targetsOf(count);
    this.plan = planIn(version, targets);
    this.js = jetstream(nats);
    this.requester = new Requester(nats);
    this.open = this.plan.budget.maxUnavailable;
    this.subject = SUBJECTS.log({ shard: SHARD, writer: 'exec', id: this.plan.rolloutId });
    const encoder = new TextEncoder();
    const runs = runsOf(this.plan, targets);
    this.runs = runs.map((run) => ({
      subject: SUBJECTS.agentRun(run.host),
      data: encoder.encode(JSON.stringify(run)),
    }));
    this.events = runs.map(({ target, host, attempt }) => this.eventsOf(target, host, attempt));
  }

  async run(): Promise<Timed> {
    const subscription = this.nats.subscribe(SUBJECTS.reportsOfShard(SHARD), {
      callback: (_, message) => this.onReport(message),
    });
    await this.nats.flush();
    const cpu = process.cpuUsage();
    const start = performance.now();
    this.pump();
    await this.end;
    const ms = performance.now() - start;
    const { user, system } = process.cpuUsage(cpu);
    subscription.unsubscribe();
    return { ms, cpuMs: (user + system) / 1_000, steps: this.done * STEPS_PER_TARGET, commits: this.rev };
  }

  private pump(): void {
    while (this.inFlight < RUNS_IN_FLIGHT && this.sent < this.count && this.sent - this.done < this.open) {
      const run = this.runs[this.sent];
      this.sent += 1;
      if (run === undefined) return;
      this.inFlight += 1;
      this.requester.request(run.subject, run.data, () => {
        this.inFlight -= 1;
        this.pump();
      });
    }
  }

  private onReport(message: Msg): void {
    this.waiting.push(message);
    if (!this.committing) {
      this.committing = true;
      queueMicrotask(() => void this.commitAll().catch((error: unknown) => this.end.reject(error)));
    }
  }

  /** Group commit with optimistic concurrency, as the product's: one append under way, the rest gathers. */
  private async commitAll(): Promise<void> {
    while (this.waiting.length > 0) {
      const batch = this.waiting.splice(0, REPORTS_PER_COMMIT);
      this.rev += 1;
      const ack = await this.js.publish(this.subject, this.commitOf(batch.length), {
        msgID: newUlid(),
        expect: { streamName: STREAMS.log, lastSubjectSequence: this.position },
      });
      this.position = ack.seq;
      for (const message of batch) message.respond(OK);
      this.done += batch.length;
      this.pump();
    }
    this.committing = false;
    if (this.done === this.count) this.end.resolve(undefined);
  }

  private commitOf(reports: number): string {
    const key = streamKey({ shard: SHARD, writer: 'exec', id: this.plan.rolloutId });
    const events = this.events.slice(this.done, this.done + reports).join(',');
    return `{"v":1,"id":"${newUlid()}","stream":"${key}","rev":${this.rev},"at":${Date.now()},"prev":"${HASH}","events":[${events}]}`;
  }

  /** The five results of one report as the codec writes them, so that the commits have the product's size. */
  private eventsOf(target: number, host: string, attempt: string): string {
    const meta = { by: { id: host, kind: 'agent' }, cause: attempt, corr: this.plan.requestId } as const;
    const events = STEP_CHAIN.map(
      (step) => ({ event: { type: 'StepSucceeded', target, step, n: 1, ms: 1 }, meta }) as const,
    );
    const stream = { shard: SHARD, writer: 'exec', id: this.plan.rolloutId } as const;
    const text = new TextDecoder().decode(encodeCommit({ id: newUlid(), stream, rev: 1, at: 0, prev: '', events }));
    return text.slice(text.indexOf('"events":[') + '"events":['.length, -2);
  }
}

await serveBench(startLimit);
