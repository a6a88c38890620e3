import type { AuditedCommit } from '@sluice/audit';
import {
  attemptId,
  type DomainEvent,
  encodeCommit,
  type EventToAppend,
  type GateJudged,
  type GateSpec,
  hashOf,
  labelStreamId,
  type Plan,
  type PlanTarget,
  type RolloutEvent,
  rolloutIdOf,
  type RolloutLabel,
  type RunReport,
  shardOfGroup,
  STEP_CHAIN,
  type StreamName,
} from '@sluice/contracts';
import {
  judgedMeasure,
  type MeasuredInputs,
  type MeasuredTally,
  NOTHING_MEASURED,
  specHash,
  tallyAfter,
} from '@sluice/gating';
import { serviceActor, ulid } from '@sluice/kernel';
import { decideRollout, evolveRollout, initialRollout, type RolloutInput, type RolloutState } from '@sluice/rollout';

const EXECUTOR = serviceActor('executor');
const BEGIN = 1_800_000_000_000;
export const MINUTE = 60_000;

export interface Shape {
  readonly group: string;
  readonly app?: string;
  /** Targets of each batch; a batch is admitted as far as A allows. */
  readonly batches: readonly number[];
  readonly canaries?: number;
  /** p: A and T follow from it. */
  readonly percent: number;
  readonly gateSpecs?: readonly GateSpec[];
  readonly strategy?: Plan['strategy'];
  readonly bakeMs?: number;
  readonly budget?: Partial<Plan['budget']>;
}

/** A log that the product's own rules write, commit by commit: a minute from one input to the next. */
export class PastLog {
  readonly commits: AuditedCommit[] = [];
  readonly #revs = new Map<string, number>();
  now = BEGIN;

  append(stream: StreamName, events: readonly EventToAppend[]): void {
    const key = `${stream.writer}.${stream.id}`;
    const rev = (this.#revs.get(key) ?? 0) + 1;
    this.#revs.set(key, rev);
    const position = this.commits.length + 1;
    const id = ulid(this.now, new Uint8Array(10).fill(position % 250));
    const bytes = encodeCommit({ id, stream, rev, at: this.now, prev: '', events });
    this.commits.push({ position, bytes });
  }

  label(rollout: string, label: RolloutLabel): void {
    const shard = rollout.slice(1, 3);
    const event = { type: 'RolloutLabelled', rollout, label, reason: 'looked at' } as const;
    const meta = { by: { id: 'ana', kind: 'user' }, cause: `command:${label}`, corr: rollout } as const;
    this.append({ shard, writer: 'label', id: labelStreamId(rollout) }, [{ event, meta }]);
  }

  /** As a source. */
  async *source(): AsyncGenerator<AuditedCommit> {
    await Promise.resolve();
    yield* this.commits;
  }
}

/** One rollout, driven by its own rules: what it decides is what is recorded. */
export class PastRollout {
  readonly id: string;
  state: RolloutState = initialRollout();
  readonly #shard;
  #tally: MeasuredTally | undefined;

  constructor(
    private readonly log: PastLog,
    private readonly shape: Shape,
  ) {
    this.id = rolloutIdOf(shape.group, `${shape.group}-${log.commits.length}`);
    this.#shard = shardOfGroup(shape.group);
    const plan = planOf(this.id, shape);
    const targets = Array.from({ length: plan.targetCount }, (_, i): PlanTarget => ({ host: `h${i}` }));
    const events = [
      { type: 'PlanTargetsAdded', from: 0, targets },
      { type: 'RolloutPlanned', plan, planHash: hashOf(plan) },
    ] as const;
    for (const event of events) evolveRollout(this.state, event, log.now);
    this.#commit('plan', events, 'request');
    this.say({ type: 'start', token: 1, rollbackTo: { rolloutId: this.id, version: '1.0.0' } }, 'start');
  }

  /** One input, a minute later, and what follows from it by itself: one commit. */
  say(input: RolloutInput, cause: string): void {
    this.log.now += MINUTE;
    const events: RolloutEvent[] = [];
    for (let next: RolloutInput = input; ; next = { type: 'advance' }) {
      const decided = decideRollout(this.state, next, this.log.now);
      if (decided.length === 0 && next.type === 'advance') break;
      for (const event of decided) evolveRollout(this.state, event, this.log.now);
      events.push(...decided);
    }
    if (events.length > 0) this.#commit('exec', events, cause);
  }

  command(command: Extract<RolloutInput, { readonly type: 'command' }>['command']): void {
    const actor = { id: 'ben', kind: 'user' } as const;
    this.say({ type: 'command', command, actor, reason: 'because' }, `command:${this.log.commits.length}`);
  }

  /** The open attempt of the target ends: everything went well, or its verify failed. */
  report(target: number, isGood: boolean): void {
    const attempt = this.state.open.get(target);
    if (attempt === undefined) return;
    const steps =
      attempt.run === 'roll' ? STEP_CHAIN.slice(0, target < (this.shape.canaries ?? 0) ? 4 : 5) : attempt.steps;
    const done = isGood ? steps : steps.slice(0, 4);
    const report: RunReport = {
      ...{ v: 1, host: `h${target}`, rollout: this.id, target, kind: attempt.run, n: attempt.n, token: 1, final: true },
      attempt: attemptId(this.id, `h${target}`, steps[0] ?? 'probe', attempt.n),
      steps: done.map((step) =>
        isGood || step !== 'verify'
          ? { step, ok: true, ms: 5 }
          : { step, ok: false, ms: 5, code: 'BAD', serving: false },
      ),
    };
    this.say({ type: 'report', report }, `attempt:${target}:${attempt.n}`);
  }

  /** Reports of all that is open, in the order of admission, until nothing is: those of `bad` fail. */
  play(bad: ReadonlySet<number>): this {
    for (let turns = 0; this.state.open.size > 0 && turns < 10_000; turns += 1) {
      const [target] = this.state.open.keys();
      if (target !== undefined) this.report(target, !bad.has(target));
    }
    return this;
  }

  /** A measurement of a gate at its stage, as the health-gate judges it; `unwritten`: it is counted and not recorded. `meanwhile`: before the rollout has heard of it. */
  measure(
    gate: string,
    values: readonly number[],
    how: { readonly phase?: 'during'; readonly unwritten?: true; readonly meanwhile?: () => void } = {},
  ): void {
    this.log.now += MINUTE;
    const inputs = this.#inputs(gate, values, how.phase ?? 'exit');
    this.#tally = tallyAfter(inputs);
    if (how.unwritten === true) return;
    const judged = judgedMeasure(inputs, specHash(this.#spec(gate)));
    this.#commit('gate', [judged], 'measured');
    how.meanwhile?.();
    if (judged.shadow !== true) this.#verdict(judged);
  }

  #spec(gate: string): GateSpec {
    const spec = this.state.plan?.gateSpecs?.find(({ name }) => name === gate);
    if (spec === undefined) throw new Error(`no gate ${gate}`);
    return spec;
  }

  #inputs(gate: string, values: readonly number[], phase: 'during' | 'exit'): MeasuredInputs {
    const { measure, limits, onFail } = this.#spec(gate);
    const at = this.log.now;
    const { index, round, releases } = this.state.stage;
    const series = { values, count: values.length, unusable: 0, lastAt: at, digest: 'd' };
    return {
      ...{ stage: index, round: phase === 'during' ? releases + 1 : round, at, passNotBefore: 0 },
      ...{ positions: { request: 1, exec: 1 }, gate, phase, measure, limits },
      ...{ window: { from: at - MINUTE, to: at }, asked: [], found: { kind: 'threshold', series } },
      tally: this.#tally ?? NOTHING_MEASURED,
      ...(onFail === 'record' ? { shadow: true as const } : {}),
    };
  }

  #verdict(judged: GateJudged): void {
    this.say({ type: 'verdict', judged }, `verdict:${judged.gate}`);
  }

  #commit(writer: 'plan' | 'exec' | 'gate', events: readonly DomainEvent[], cause: string): void {
    const meta = { by: EXECUTOR, cause, corr: 'q' };
    this.log.append(
      { shard: this.#shard, writer, id: this.id },
      events.map((event) => ({ event, meta })),
    );
  }
}

export const threshold = (more: Partial<GateSpec> = {}): GateSpec => ({
  ...{ name: 'errors', source: 'main', at: ['exit'], onFail: 'brake', intervalMs: MINUTE },
  limits: { fail: 0, inconclusive: 10, error: 4, passes: 1 },
  measure: {
    ...{
      kind: 'threshold',
      query: 'errors',
      windowMs: 300_000,
      stepMs: MINUTE,
      bound: 'max',
      limit: 0.05,
      n: 1,
      of: 2,
    },
  },
  ...more,
});

function planOf(id: string, shape: Shape): Plan {
  const { group, app = 'hello', batches, canaries = 0, percent, gateSpecs, strategy = 'rolling', bakeMs = 0 } = shape;
  const members = canaries + batches.reduce((sum, size) => sum + size, 0);
  const artifact = { url: 'https://artifacts.example/a.tgz', sha256: 'a'.repeat(64) };
  return {
    ...{ v: 1, rolloutId: id, requestId: 'q', app, group, environment: 'production', strategy, version: '2.0.0' },
    spec: {
      ...{ app, group, version: '2.0.0', artifact, ignoreVerify: false, drainWindowMs: 0 },
      profile: { kind: 'process', command: ['x'], stopGraceMs: 1 },
      verify: { path: '/', status: 200, successes: 1, intervalMs: 1, timeoutMs: 1 },
    },
    ...{ targetCount: members, canaries, batches: batches.map((size) => [size, 1] as const) },
    budget: {
      ...{ members, percent, maxUnavailable: Math.max(1, Math.floor((members * percent) / 100)) },
      ...{ failureLimit: Math.max(1, Math.ceil((members * percent) / 100)), failureThresholdPercent: percent },
      ...{ extraFailures: 0, minServing: 0, advisory: strategy === 'rollback', ...shape.budget },
    },
    waits: { intervalMs: 0, tailIntervalMs: 0, tailFrom: 3, bakeMs },
    ...{ approvals: { batches: 'policy' }, mode: 'automatic', gates: [], onCanaryFailure: 'hold', leftOut: [] },
    ...(gateSpecs === undefined ? {} : { gateSpecs }),
    ...{ targetsHash: '', requestedBy: { id: 'rita', kind: 'user' }, pollAfterMs: 5_000, attemptDeadlineMs: MINUTE },
  };
}
