import { type DomainEvent, type Plan, type PlanTraffic, stageAt, stageCount, type Weights } from '@sluice/contracts';
import type { CommitView } from '@sluice/gateway';

import { withBatches } from './members.js';
import { sharesInWords } from './shift.js';

type Mark = 'done' | 'failed' | 'inStep' | 'held';

const MAX_BAR = 40;

/** How far a rollout is, for a line that is written over and over. */
export class Progress {
  private plan: Plan | undefined;
  private readonly marks = new Map<number, Mark>();
  private stage = 0;
  private state = 'planned';
  private weights: Weights | undefined;
  private readonly frozenBy = new Set<string>();

  add(commit: CommitView): void {
    for (const event of commit.events) {
      if (event.type === 'MembersSynced') this.plan = withBatches(this.plan, event);
      this.addTarget(event);
      this.addCourse(event);
    }
  }

  /** Two lines, no longer than the screen is wide: the whole rollout, and its batch. */
  lines(columns: number): readonly string[] {
    const { plan } = this;
    if (plan === undefined) return [];
    const stage = stageAt(plan, this.stage);
    const of = stageCount(plan);
    if (plan.traffic !== undefined) return this.shiftLines(plan.traffic, stage?.name ?? '', columns);
    return [
      this.bar(this.state, [0, plan.targetCount], columns),
      ...(stage === undefined
        ? []
        : [this.bar(`${stage.name} (${stage.index + 1} of ${of})`, [stage.from, stage.to], columns)]),
    ];
  }

  /** The share of the new side, and the stage. */
  private shiftLines(shift: PlanTraffic, stage: string, columns: number): readonly string[] {
    const weights = this.weights ?? { [shift.oldSide]: 100, [shift.newSide]: 0 };
    const width = Math.min(MAX_BAR, Math.max(4, columns - 48));
    const full = Math.floor((width * (weights[shift.newSide] ?? 0)) / 100);
    const bar = `[${'#'.repeat(full)}${'-'.repeat(width - full)}]`;
    const state = this.frozenBy.size > 0 ? `${this.state}, FROZEN` : this.state;
    const most = Math.max(1, columns - 1);
    return [`${state.padEnd(18)} ${bar} ${sharesInWords(weights)}`.slice(0, most), stage.slice(0, most)];
  }

  private bar(label: string, [from, to]: readonly [number, number], columns: number): string {
    const tally = this.tally(from, to);
    const words = [`${tally.done}/${to - from} done`];
    if (tally.held > 0) words.push(`${tally.held} held`);
    if (tally.inStep > 0) words.push(`${tally.inStep} in a step`);
    if (tally.failed > 0) words.push(`${tally.failed} failed`);
    const width = Math.min(MAX_BAR, Math.max(4, columns - 48));
    const full = to > from ? Math.floor((width * tally.done) / (to - from)) : width;
    const bar = `[${'#'.repeat(full)}${'-'.repeat(width - full)}]`;
    return `${label.padEnd(18)} ${bar} ${words.join(', ')}`.slice(0, Math.max(1, columns - 1));
  }

  private tally(from: number, to: number): Record<Mark, number> {
    const tally = { done: 0, failed: 0, inStep: 0, held: 0 };
    for (const [target, mark] of this.marks) if (target >= from && target < to) tally[mark] += 1;
    return tally;
  }

  private addTarget(event: DomainEvent): void {
    switch (event.type) {
      case 'TargetsAdmitted':
        for (const target of event.targets) this.marks.set(target, 'inStep');
        break;
      case 'StepSucceeded':
      case 'DrainSkipped':
        if (event.step === 'enable' || event.step === 'probe') this.marks.set(event.target, 'done');
        else if (event.step === 'verify' && event.target < (this.plan?.canaries ?? 0))
          this.marks.set(event.target, 'held');
        break;
      case 'StepFailed':
        if (event.again === undefined) this.marks.set(event.target, 'failed');
        break;
      case 'TargetUnknown':
        this.marks.set(event.target, 'failed');
        break;
      case 'TargetExcluded':
        this.marks.delete(event.target);
        break;
      default:
        break;
    }
  }

  private addCourse(event: DomainEvent): void {
    if (event.type === 'RolloutPlanned') this.plan = event.plan;
    if (event.type === 'StageEntered') this.stage = event.stage;
    if (event.type === 'WeightPublished') this.weights = event.weights;
    if (event.type === 'RolloutFrozen') this.frozenBy.add(event.freeze);
    if (event.type === 'RolloutThawed') this.frozenBy.delete(event.freeze);
    if (event.type === 'FreezeOverridden') this.frozenBy.clear();
    this.state = STATE_OF[event.type] ?? this.state;
  }
}

const STATE_OF: Readonly<Partial<Record<DomainEvent['type'], string>>> = {
  RolloutStarted: 'running',
  StageEntered: 'running',
  ApprovalRequested: 'awaiting approval',
  ApprovalGranted: 'running',
  RolloutPaused: 'paused',
  RolloutResumed: 'running',
  RolloutBraked: 'BRAKED',
  BrakeReleased: 'running',
  RetryOrdered: 'running',
  RolloutSettling: 'settling',
  RolloutSucceeded: 'succeeded',
  RolloutFailed: 'failed',
  RolloutCancelled: 'cancelled',
  RolloutClosed: 'closed',
};
