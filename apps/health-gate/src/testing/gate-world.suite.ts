import {
  EMPTY_HEAD,
  type EventsOfWriter,
  type GateJudged,
  type Hello,
  type Plan,
  type PlanTarget,
  rolloutIdOf,
  shardOfGroup,
  type StreamHead,
} from '@sluice/contracts';
import { InMemoryEventLog } from '@sluice/event-log';
import { serviceActor } from '@sluice/kernel';
import { seededIds, seededRandom, VirtualClock } from '@sluice/testing';

import { HealthGateEngine } from '../engine/health-gate-engine.js';
import type { HealthGateDeps } from '../engine/ports.js';
import { HelloTable } from '../facts/hello-table.js';

type Written = 'plan' | 'exec' | 'gate';

const planOf = (rolloutId: string, targetCount: number): Plan => ({
  v: 1,
  rolloutId,
  requestId: 'req-1',
  app: 'hello',
  group: 'web',
  environment: 'test',
  strategy: 'canary',
  version: '2.0.0',
  spec: {
    app: 'hello',
    group: 'web',
    version: '2.0.0',
    artifact: { url: 'file:///hello.tgz', sha256: 'ab'.repeat(32) },
    profile: { kind: 'process', command: ['node', 'server.js'], stopGraceMs: 1_000 },
    verify: { path: '/', status: 200, successes: 1, intervalMs: 100, timeoutMs: 1_000 },
    ignoreVerify: false,
    drainWindowMs: 0,
  },
  targetCount,
  canaries: 1,
  batches: [[targetCount - 1, 1]],
  budget: {
    members: targetCount,
    percent: 50,
    maxUnavailable: targetCount,
    failureLimit: targetCount,
    failureThresholdPercent: 50,
    extraFailures: 0,
    minServing: 0,
    advisory: false,
  },
  waits: { intervalMs: 0, tailIntervalMs: 0, tailFrom: 3, bakeMs: 0 },
  approvals: { batches: 'required' },
  mode: 'automatic',
  gates: ['settled', 'ready'],
  onCanaryFailure: 'hold',
  leftOut: [],
  targetsHash: 'cd'.repeat(32),
  requestedBy: { id: 'bob', kind: 'user' },
  pollAfterMs: 5_000,
  attemptDeadlineMs: 60_000,
});

export const hostOf = (target: number): string => `h${String(target).padStart(2, '0')}`;

/** A log, a clock, heartbeats, and one rollout of a canary and one batch: the tests play executor and agents. */
export class GateWorld {
  readonly clock = new VirtualClock();
  readonly log = new InMemoryEventLog();
  readonly facts = new HelloTable();
  readonly newId: () => string;
  readonly id: string;
  private readonly heads = new Map<Written, StreamHead>();
  private readonly running = new Set<{ readonly stop: AbortController; readonly ended: Promise<void> }>();

  constructor(
    readonly targets = 4,
    seed = 1,
  ) {
    this.newId = seededIds(this.clock, seededRandom(seed));
    this.id = rolloutIdOf('web', `seed ${seed}`);
  }

  stream<W extends Written>(writer: W) {
    return { shard: shardOfGroup('web'), writer, id: this.id };
  }

  async write<W extends Written>(writer: W, ...events: readonly EventsOfWriter[W][]): Promise<void> {
    const meta = { by: serviceActor('test'), cause: 'cause', corr: 'req-1' };
    const draft = { id: this.newId(), at: this.clock.now(), events: events.map((event) => ({ event, meta })) };
    this.heads.set(writer, await this.log.append(this.stream(writer), this.heads.get(writer) ?? EMPTY_HEAD, draft));
  }

  /** `from`: what the hosts are known to run. */
  async plan(from?: string, more: Partial<Plan> = {}): Promise<void> {
    const runs = from === undefined ? {} : { from };
    const targets = Array.from({ length: this.targets }, (_, i): PlanTarget => ({ host: hostOf(i), ...runs }));
    const plan = { ...planOf(this.id, this.targets), ...more };
    if (plan.targetCount > 0) await this.write('plan', { type: 'PlanTargetsAdded', from: 0, targets });
    await this.write('plan', { type: 'RolloutPlanned', plan, planHash: 'ef'.repeat(32) });
    await this.write('exec', { type: 'RolloutStarted', token: 1 });
  }

  /** The canary goes through its steps and is enabled. */
  async rollCanary(): Promise<void> {
    const deadline = this.clock.now() + 60_000;
    await this.write(
      'exec',
      { type: 'StageEntered', stage: 0 },
      { type: 'TargetsAdmitted', run: 'roll', targets: [0], deadline },
    );
    await this.steps(0, ['drain', 'download', 'install', 'verify']);
    await this.write('exec', { type: 'TargetsAdmitted', run: 'enable', targets: [0], deadline });
    await this.steps(0, ['enable']);
  }

  /** All of the batch is done, except for those that fail to verify. */
  async rollBatch(failing: readonly number[] = []): Promise<void> {
    const targets = Array.from({ length: this.targets - 1 }, (_, i) => i + 1);
    const deadline = this.clock.now() + 60_000;
    await this.write(
      'exec',
      { type: 'StageEntered', stage: 1 },
      { type: 'TargetsAdmitted', run: 'roll', targets, deadline },
    );
    for (const target of targets) {
      await this.steps(target, ['drain', 'download', 'install']);
      if (failing.includes(target)) await this.fails(target);
      else await this.steps(target, ['verify', 'enable']);
    }
  }

  async steps(
    target: number,
    steps: readonly ('drain' | 'download' | 'install' | 'verify' | 'enable')[],
  ): Promise<void> {
    await this.write('exec', ...steps.map((step) => ({ type: 'StepSucceeded', target, step, n: 1, ms: 5 }) as const));
  }

  private fails(target: number): Promise<void> {
    const why = { code: 'VERIFY_FAILED', message: 'it does not answer', serving: false };
    return this.write('exec', { type: 'StepFailed', target, step: 'verify', n: 1, ms: 5, ...why });
  }

  ask(stage: number, { round = 1, bakeMs = 0 } = {}): Promise<void> {
    const passNotBefore = this.clock.now() + bakeMs;
    return this.write('exec', { type: 'GatesRequested', stage, round, gates: ['settled', 'ready'], passNotBefore });
  }

  /** Verdicts do not reach the log until the returned function is called. */
  holdGateCommits(): () => void {
    let release = (): void => undefined;
    const held = new Promise<void>((resolve) => (release = resolve));
    const append = this.log.append.bind(this.log);
    this.log.append = async (stream, head, draft) => {
      if (stream.writer === 'gate') await held;
      return append(stream, head, draft);
    };
    return () => release();
  }

  /** One heartbeat of the host of a target. */
  beat(target: number, running: string | null = '2.0.0', serving = true, startedAt: number | null = null): void {
    const app = {
      app: 'hello',
      group: 'web',
      running,
      processStartedAt: startedAt,
      serving,
      endpoint: null,
      localVersions: [],
    };
    const agent = { version: '1', startedAt: 0 };
    const hello: Hello = { v: 1, host: hostOf(target), at: 0, agent, labels: {}, apps: [app] };
    this.facts.take(hello, this.clock.now());
  }

  start(more: Partial<HealthGateDeps> = {}): HealthGateEngine {
    const { log, clock, newId, facts } = this;
    const engine = new HealthGateEngine({ log, clock, newId, facts, ...more });
    const stop = new AbortController();
    this.running.add({ stop, ended: engine.run(stop.signal) });
    return engine;
  }

  /** Ends all engines; time passes for what they still wait for. */
  async stop(): Promise<void> {
    for (const { stop, ended } of this.running) {
      stop.abort();
      await ended;
    }
    this.running.clear();
  }

  async verdicts(): Promise<GateJudged[]> {
    const out: GateJudged[] = [];
    for await (const commit of this.log.read(this.stream('gate')))
      out.push(...commit.events.filter((event) => event.type === 'GateJudged'));
    return out;
  }

  /** `gate verdict` of each event, in order. */
  async said(): Promise<string[]> {
    return (await this.verdicts()).map(({ gate, verdict }) => `${gate} ${verdict}`);
  }
}
