import type { Drift, InventoryUsed, RecordedCommit, RolloutEvent, UnreachableHosts } from '@sluice/contracts';
import { estimateOf, shardOfId, stageAt } from '@sluice/contracts';
import { planOf, type RolloutSummary, stepDurations, type StepDurations, summarizeRollout } from '@sluice/rollout';

import { driftsOf, type NotAtVersion, notAtVersion } from './report-members.js';
import type { LoadedRollout, LogReader } from './rollout-loader.js';

/** Times are ms since the epoch; null while it has not happened. */
export interface StageReport {
  readonly stage: number;
  readonly name: string;
  readonly targets: number;
  enteredAt: number | null;
  settledAt: number | null;
  passedAt: number | null;
  /** From entered to settled. */
  ms: number | null;
}

/** How long a rollout and its parts took (TAR-35). */
export interface RolloutReport {
  readonly id: string;
  readonly state: string;
  readonly targets: number;
  readonly plannedAt: number;
  readonly startedAt: number | null;
  readonly endedAt: number | null;
  /** From the start to the end. */
  readonly durationMs: number | null;
  /** What its plan let expect, without approvals and failures (TRS-16). */
  readonly estimatedMs: number;
  /** What its plan was made from, and how old that was then (TAR-12); null when the log does not say. */
  readonly inventory: InventoryUsed | null;
  /** Targets that were not heard of when the plan was made (TRS-19). */
  readonly unreachable: UnreachableHosts | null;
  /** Members that are not at its version (STR-08). */
  readonly notAtVersion: NotAtVersion;
  /** Versions that were changed past the system meanwhile (XIM-08). */
  readonly drifts: readonly Drift[];
  readonly steps: readonly StepDurations[];
  readonly stages: readonly StageReport[];
  readonly brakes: readonly { readonly at: number; readonly words: string }[];
  readonly pauses: PausesReport;
  /** Of a rollout that shifts traffic. */
  readonly capacity: CapacityReport | null;
}

/** How often it was paused and for how long in all (SWB-14); a pause that lasts counts from `since`, not in `ms`. */
export interface PausesReport {
  count: number;
  ms: number;
  since: number | null;
}

/** What both sides had while it was under way: created instances of all services times hours (SWB-20). */
export interface CapacityReport {
  readonly hours: number;
  readonly sides: readonly { readonly side: string; readonly hours: number }[];
}

const orNull = (time: number): number | null => (time === 0 ? null : time);

/** Reads the rollout's `exec` stream once. Stages are told up to `MAX_STAGES`. */
export async function reportOf(log: LogReader, id: string, loaded: LoadedRollout): Promise<RolloutReport> {
  const summary = summarizeRollout(loaded.state);
  const collected = new Collector(loaded);
  const shard = shardOfId(id);
  if (shard !== undefined) for await (const commit of log.read({ shard, writer: 'exec', id })) collected.add(commit);
  const { startedAt, endedAt } = summary;
  return {
    id,
    state: summary.state,
    targets: summary.targets,
    plannedAt: summary.plannedAt,
    startedAt: orNull(startedAt),
    endedAt: orNull(endedAt),
    durationMs: startedAt > 0 && endedAt > 0 ? endedAt - startedAt : null,
    estimatedMs: estimateOf(planOf(loaded.state)).totalMs,
    ...(await besidePlan(log, id)),
    notAtVersion: notAtVersion(loaded.state),
    drifts: await driftsOf(log, id),
    steps: stepDurations(collected.steps),
    stages: [...collected.stages.values()],
    brakes: collected.brakes,
    pauses: collected.pauses,
    capacity: capacityOf(summary),
  };
}

function capacityOf({ traffic }: RolloutSummary): CapacityReport | null {
  if (traffic === undefined) return null;
  const sides = [traffic.old, traffic.new].map(({ name: side, capacityHours: hours }) => ({ side, hours }));
  return { hours: Math.round(sides.reduce((sum, { hours }) => sum + hours, 0) * 1_000) / 1_000, sides };
}

/** What stands beside the plan in the log. */
async function besidePlan(log: LogReader, id: string): Promise<Pick<RolloutReport, 'inventory' | 'unreachable'>> {
  const shard = shardOfId(id);
  let beside: Pick<RolloutReport, 'inventory' | 'unreachable'> = { inventory: null, unreachable: null };
  if (shard === undefined) return beside;
  for await (const { events } of log.read({ shard, writer: 'plan', id })) {
    const seal = events.at(-1);
    if (seal?.type === 'RolloutPlanned') {
      beside = { inventory: seal.inventory ?? null, unreachable: seal.unreachable ?? null };
    }
  }
  return beside;
}

const MAX_STAGES = 10_000;
const MAX_BRAKES = 1_000;

const ENDS_A_PAUSE: ReadonlySet<RolloutEvent['type']> = new Set<RolloutEvent['type']>([
  'RolloutResumed',
  'RolloutBraked',
  'RolloutSettling',
  'RolloutSucceeded',
  'RolloutCancelled',
]);

class Collector {
  readonly steps: RolloutEvent[] = [];
  readonly stages = new Map<number, StageReport>();
  readonly brakes: { readonly at: number; readonly words: string }[] = [];

  readonly pauses: PausesReport = { count: 0, ms: 0, since: null };

  constructor(private readonly loaded: LoadedRollout) {}

  add(commit: RecordedCommit<'exec'>): void {
    for (const event of commit.events) {
      this.addEvent(event, commit.head.at);
      this.addPause(event, commit.head.at);
    }
  }

  private addEvent(event: RolloutEvent, at: number): void {
    switch (event.type) {
      case 'StepSucceeded':
      case 'StepFailed':
        this.steps.push(event);
        break;
      case 'RolloutBraked':
        if (this.brakes.length < MAX_BRAKES) this.brakes.push({ at, words: event.cause.words });
        break;
      case 'StageEntered':
        this.stage(event.stage, (stage) => (stage.enteredAt ??= at));
        break;
      case 'StageSettled':
        this.stage(event.stage, (stage) => {
          stage.settledAt = at;
          stage.ms = stage.enteredAt === null ? null : at - stage.enteredAt;
        });
        break;
      case 'StagePassed':
        this.stage(event.stage, (stage) => (stage.passedAt = at));
        break;
      default:
    }
  }

  private addPause({ type }: RolloutEvent, at: number): void {
    const { pauses } = this;
    if (type === 'RolloutPaused') {
      pauses.count += 1;
      pauses.since ??= at;
    } else if (pauses.since !== null && ENDS_A_PAUSE.has(type)) {
      pauses.ms += at - pauses.since;
      pauses.since = null;
    }
  }

  private stage(index: number, change: (stage: StageReport) => void): void {
    const known = this.stages.get(index) ?? this.freshStage(index);
    if (known !== undefined) change(known);
  }

  private freshStage(index: number): StageReport | undefined {
    const span = stageAt(planOf(this.loaded.state), index);
    if (span === undefined || this.stages.size >= MAX_STAGES) return undefined;
    const fresh: StageReport = {
      stage: index,
      name: span.name,
      targets: span.to - span.from,
      enteredAt: null,
      settledAt: null,
      passedAt: null,
      ms: null,
    };
    this.stages.set(index, fresh);
    return fresh;
  }
}
