import { createWriteStream, type WriteStream } from 'node:fs';
import { once } from 'node:events';

import {
  attemptId,
  type DomainEvent,
  encodeCommit,
  type GateSpec,
  labelStreamId,
  type Plan,
  type RolloutEvent,
  type RunReport,
  type Shard,
  STEP_CHAIN,
  type StepReport,
  type Writer,
} from '@sluice/contracts';
import { judgedMeasure, type MeasuredInputs, NOTHING_MEASURED, specHash } from '@sluice/gating';
import { serviceActor, ulid } from '@sluice/kernel';
import { decideRollout, evolveRollout, initialRollout, type RolloutInput } from '@sluice/rollout';

import { planOf, shardOf, targetsOf } from '../rollouts.js';

const HOSTS = 20;
const BATCH = 5;
/** Rollouts that are under way at once. */
const AT_ONCE = 50;
const BEGIN = Date.UTC(2024, 0, 1);
const SECOND = 1_000;
const EXECUTOR = serviceActor('executor');

export interface WrittenPast {
  readonly rollouts: number;
  readonly commits: number;
  readonly events: number;
  readonly bytes: number;
}

const ERRORS: GateSpec = {
  ...{ name: 'errors', source: 'main', at: ['exit'], onFail: 'brake', intervalMs: 10 * SECOND },
  limits: { fail: 0, inconclusive: 10, error: 4, passes: 1 },
  measure: {
    ...{
      kind: 'threshold',
      query: 'max(errors)',
      windowMs: 300_000,
      stepMs: 15_000,
      bound: 'max',
      limit: 0.05,
      n: 2,
      of: 3,
    },
  },
};

/**
 * Rollouts of 20 hosts in four batches as an export of raw commits, decided by their own rules: fifty are under way at
 * once, each report is a commit, a gate judges each batch, one host in thirty fails, and every fifth is labelled.
 */
export async function writePast(file: string, rollouts: number): Promise<WrittenPast> {
  const out = new Export(createWriteStream(file));
  for (let from = 0; from < rollouts; from += AT_ONCE) {
    const open = Array.from({ length: Math.min(AT_ONCE, rollouts - from) }, (_, i) => new PastRollout(out, from + i));
    while (open.some((rollout) => rollout.goOn())) await out.drained();
  }
  await out.end();
  return { rollouts, ...out.sums };
}

class Export {
  readonly sums = { commits: 0, events: 0, bytes: 0 };
  private isFull = false;

  constructor(private readonly stream: WriteStream) {}

  write(bytes: Uint8Array, events: number): void {
    const { sums } = this;
    sums.commits += 1;
    sums.events += events;
    sums.bytes += bytes.length;
    this.stream.write(`{"position":${sums.commits},"commit":`);
    this.stream.write(bytes);
    this.isFull = !this.stream.write('}\n');
  }

  async drained(): Promise<void> {
    if (this.isFull) await once(this.stream, 'drain');
    this.isFull = false;
  }

  async end(): Promise<void> {
    this.stream.end();
    await once(this.stream, 'finish');
  }
}

class PastRollout {
  private readonly plan: Plan;
  private readonly state = initialRollout();
  private readonly revs = new Map<Writer, number>();
  private readonly shard: Shard;
  private at: number;

  constructor(
    private readonly out: Export,
    private readonly index: number,
  ) {
    const targets = targetsOf(HOSTS, `group-${index % 500}`);
    const wish = { group: `group-${index % 500}`, version: String(index), targets, open: BATCH, batch: BATCH };
    this.plan = { ...planOf(wish), gateSpecs: [ERRORS] };
    this.shard = shardOf(this.plan);
    this.at = BEGIN + index * SECOND;
    const events = [
      { type: 'PlanTargetsAdded', from: 0, targets },
      { type: 'RolloutPlanned', plan: this.plan, planHash: 'a'.repeat(64) },
    ] as const;
    for (const event of events) evolveRollout(this.state, event, this.at);
    this.commit('plan', events, 'request');
    this.say({ type: 'start', token: 1 }, 'start');
  }

  /** The next thing that happens to it; false when it stands. */
  goOn(): boolean {
    const [target] = this.state.open.keys();
    if (target !== undefined) this.report(target);
    else if (this.state.status === 'running' && this.state.stage.asked) this.measure();
    else return this.label();
    return true;
  }

  private say(input: RolloutInput, cause: string): void {
    this.at += SECOND;
    const events: RolloutEvent[] = [];
    for (let next = input, isOver = false; !isOver; next = { type: 'advance' }) {
      const decided = decideRollout(this.state, next, this.at);
      for (const event of decided) evolveRollout(this.state, event, this.at);
      events.push(...decided);
      isOver = decided.length === 0 && next.type === 'advance';
    }
    if (events.length > 0) this.commit('exec', events, cause);
  }

  private report(target: number): void {
    const { rolloutId } = this.plan;
    const host = this.state.targets[target]?.host ?? '';
    const isGood = (this.index * 7 + target * 13) % 30 > 0;
    const steps = STEP_CHAIN.slice(0, isGood ? 5 : 4).map((step): StepReport =>
      isGood || step !== 'verify'
        ? { step, ok: true, ms: 40 + target }
        : { step, ok: false, ms: 900, code: 'VERIFY_FAILED', message: 'status 500', serving: false },
    );
    const attempt = attemptId(rolloutId, host, 'drain', 1);
    const report: RunReport = {
      ...{ v: 1, host, rollout: rolloutId, attempt, target, kind: 'roll', n: 1, token: 1, final: true, steps },
    };
    this.say({ type: 'report', report }, attempt);
  }

  /** One rollout in eleven has a batch whose errors are too many. */
  private measure(): void {
    this.at += SECOND;
    const { index, round } = this.state.stage;
    const worst = (this.index + index) % 44 === 0 ? 0.08 : 0.01 + ((this.index * 3) % 30) / 1_000;
    const values = [worst / 4, worst / 2, worst, worst];
    const inputs: MeasuredInputs = {
      ...{ stage: index, round, at: this.at, passNotBefore: 0, positions: { request: 1, exec: 1 } },
      ...{ gate: 'errors', phase: 'exit', measure: ERRORS.measure, limits: ERRORS.limits },
      ...{ window: { from: this.at - 300_000, to: this.at }, asked: [{ name: 'query', query: 'max(errors)' }] },
      tally: NOTHING_MEASURED,
      found: { kind: 'threshold', series: { values, count: 4, unusable: 0, lastAt: this.at, digest: 'a'.repeat(64) } },
    };
    const judged = judgedMeasure(inputs, specHash(ERRORS));
    this.commit('gate', [judged], 'measured');
    this.say({ type: 'verdict', judged }, `verdict:errors:${index}:${round}`);
  }

  /** What it was is said once it stands. */
  private label(): false {
    const { rolloutId: rollout } = this.plan;
    if (this.index % 5 > 0 || this.revs.has('label')) return false;
    const label = this.state.status === 'succeeded' ? 'good' : 'bad';
    this.commit('label', [{ type: 'RolloutLabelled', rollout, label, reason: 'looked at' }], 'command:label');
    return false;
  }

  private commit(writer: 'plan' | 'exec' | 'gate' | 'label', events: readonly DomainEvent[], cause: string): void {
    const { rolloutId, requestId: corr } = this.plan;
    const rev = (this.revs.get(writer) ?? 0) + 1;
    this.revs.set(writer, rev);
    const meta = { by: EXECUTOR, cause, corr };
    const stream = { shard: this.shard, writer, id: writer === 'label' ? labelStreamId(rolloutId) : rolloutId };
    const id = ulid(this.at, new Uint8Array(10).fill(rev % 250));
    const drafted = events.map((event) => ({ event, meta }));
    const prev = rev === 1 ? '' : 'b'.repeat(64);
    this.out.write(encodeCommit({ id, stream, rev, at: this.at, prev, events: drafted }), events.length);
  }
}
