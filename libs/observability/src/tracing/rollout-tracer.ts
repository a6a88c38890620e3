import {
  batchCount,
  type DomainEvent,
  type EventToAppend,
  isRolloutId,
  type Plan,
  readTraceparent,
  type RecordedCommit,
  rolloutSpan,
  stageAt,
  stageSpan,
  type StreamHead,
  type StreamName,
  type TraceContext,
  traceparentOf,
} from '@sluice/contracts';

import type { SpanRecord, SpanSink } from './span.js';

/** Ended rollouts that are remembered: their last commit may be followed before its append is answered. */
const KEPT_ENDED = 256;

/** What looks on at the executor's log (an observer of ObservedEventLog). */
export interface LogTracer {
  readonly followed: (commit: RecordedCommit) => void;
  readonly appended: (commit: {
    readonly stream: StreamName;
    readonly head: StreamHead;
    readonly events: readonly EventToAppend[];
  }) => void;
}

interface Stay {
  readonly from: number;
  passed: boolean;
}

interface Traced {
  readonly planned: TraceContext;
  readonly plan: Pick<Plan, 'rolloutId' | 'app' | 'group' | 'version' | 'strategy' | 'canaries' | 'batches'>;
  readonly stages: Map<number, Stay>;
  startedAt: number;
  told: boolean;
}

type End = { readonly outcome: string; readonly fault?: string };

/**
 * The executor's spans: one for each rollout that was planned within a trace, one below it for each stage. Both are
 * read off the log: where a rollout stands is folded from what is followed, and a span is told by the executor whose
 * commit ends it, so a restart in the middle of a rollout loses none.
 */
export class RolloutTracer implements LogTracer {
  private readonly rollouts = new Map<string, Traced>();
  private readonly ended: string[] = [];

  constructor(private readonly sink: SpanSink) {}

  readonly followed: LogTracer['followed'] = ({ stream, head, events }) => {
    for (const event of events) {
      if (event.type === 'RolloutPlanned') this.open(event.plan, event.trace);
      else this.fold(stream.id, event, head.at, false);
    }
  };

  readonly appended: LogTracer['appended'] = ({ stream, head, events }) => {
    for (const { event } of events) this.fold(stream.id, event, head.at, true);
  };

  /** The traceparent of a run: that of the stage which its target belongs to, the same each time it is asked. */
  traceOfRun(rollout: string, target: number): string | undefined {
    const traced = this.rollouts.get(rollout);
    if (traced === undefined) return undefined;
    return traceparentOf(stageSpan(traced.planned, rollout, stageOf(traced.plan, target)));
  }

  private open(plan: Plan, trace: string | undefined): void {
    const planned = readTraceparent(trace);
    if (planned === undefined || !isRolloutId(plan.rolloutId)) return;
    const { rolloutId, app, group, version, strategy, canaries, batches } = plan;
    const known = { rolloutId, app, group, version, strategy, canaries, batches };
    this.rollouts.set(rolloutId, { planned, plan: known, stages: new Map(), startedAt: 0, told: false });
  }

  private fold(rollout: string, event: DomainEvent, at: number, isOurs: boolean): void {
    const traced = this.rollouts.get(rollout);
    if (traced === undefined) return;
    if (event.type === 'RolloutStarted') traced.startedAt = at;
    else if (event.type === 'StageEntered') traced.stages.set(event.stage, { from: at, passed: false });
    else if (event.type === 'StagePassed') this.passed(traced, event.stage, at, isOurs);
    else this.ends(traced, event, at, isOurs);
  }

  private ends(traced: Traced, event: DomainEvent, at: number, isOurs: boolean): void {
    const end = endOf(event);
    if (end === undefined) return;
    for (const [stage, { from, passed }] of traced.stages)
      if (isOurs && !passed) this.sink.emit(stageRecord(traced, { stage, from, to: at }, end));
    if (isOurs) traced.stages.clear();
    if (isOurs && !traced.told) {
      traced.told = true;
      this.sink.emit(rolloutRecord(traced, at, end));
    }
    // A failed rollout may be retried: its runs belong to the same trace.
    if (event.type !== 'RolloutFailed') this.forgetSoon(traced.plan.rolloutId);
  }

  /** A commit of ours may be followed before its append is answered: then it is told by the answer. */
  private passed(traced: Traced, stage: number, at: number, isOurs: boolean): void {
    const stay = traced.stages.get(stage);
    if (stay === undefined) return;
    if (!isOurs) {
      stay.passed = true;
      return;
    }
    traced.stages.delete(stage);
    this.sink.emit(stageRecord(traced, { stage, from: stay.from, to: at }, { outcome: 'passed' }));
  }

  private forgetSoon(rollout: string): void {
    this.ended.push(rollout);
    if (this.ended.length <= KEPT_ENDED) return;
    const oldest = this.ended.shift();
    if (oldest !== undefined) this.rollouts.delete(oldest);
  }
}

/** The stage that a target belongs to; a target beyond the plan's batches belongs to the last. */
function stageOf({ canaries, batches }: Traced['plan'], target: number): number {
  if (target < canaries) return 0;
  let left = target - canaries;
  let stage = canaries > 0 ? 1 : 0;
  for (const [size, times] of batches) {
    if (left < size * times) return stage + Math.floor(left / size);
    left -= size * times;
    stage += times;
  }
  return Math.max(0, (canaries > 0 ? 1 : 0) + batchCount(batches) - 1);
}

function endOf(event: DomainEvent): End | undefined {
  switch (event.type) {
    case 'RolloutSucceeded':
      return { outcome: 'succeeded' };
    case 'RolloutFailed':
      return { outcome: 'failed', fault: `${event.counts.failed + event.counts.unknown} targets failed` };
    case 'RolloutCancelled':
      return { outcome: 'cancelled', fault: event.cause };
    case 'RolloutClosed':
      return { outcome: 'closed' };
    default:
      return undefined;
  }
}

function rolloutRecord({ planned, plan, startedAt }: Traced, to: number, { outcome, fault }: End): SpanRecord {
  const { rolloutId, app, group, version, strategy } = plan;
  return {
    name: `rollout ${app}`,
    kind: 'internal',
    at: rolloutSpan(planned, rolloutId),
    parent: planned.spanId,
    from: startedAt === 0 ? to : startedAt,
    to,
    attributes: {
      rollout: rolloutId,
      app,
      group,
      version,
      strategy,
      outcome,
    },
    ...(fault === undefined ? {} : { fault }),
  };
}

interface StageTime {
  readonly stage: number;
  readonly from: number;
  readonly to: number;
}

function stageRecord({ planned, plan }: Traced, { stage, from, to }: StageTime, { outcome, fault }: End): SpanRecord {
  const name = nameOf(plan, stage);
  return {
    name,
    kind: 'internal',
    at: stageSpan(planned, plan.rolloutId, stage),
    parent: rolloutSpan(planned, plan.rolloutId).spanId,
    from,
    to,
    attributes: { rollout: plan.rolloutId, stage, outcome },
    ...(fault === undefined ? {} : { fault }),
  };
}

/** `canary`, `batch 1` and so on. */
function nameOf(plan: Traced['plan'], index: number): string {
  const unused = { waits: { intervalMs: 0, tailIntervalMs: 0, tailFrom: 0, bakeMs: 0 }, gates: [] } as const;
  return stageAt({ ...plan, ...unused, approvals: { batches: 'policy' } }, index)?.name ?? `stage ${index}`;
}
