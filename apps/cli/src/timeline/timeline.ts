import type { DomainEvent, Plan } from '@sluice/contracts';
import type { CommitView, EventView } from '@sluice/gateway';
import { formatDuration } from '@sluice/kernel';

import { Batches } from './batches.js';
import { courseInWords } from './course.js';
import { driftsInWords, withBatches } from './members.js';
import { Ramp, rampPlanInWords } from './ramp.js';
import { Shift, shiftPlanInWords } from './shift.js';
import { lengthOf, offsetOf } from './time.js';
import { countsInWords, faultsInWords, inventoryInWords, plural, someOf, why } from './words.js';

/** One line of a rollout's history. `after`: ms since its first line. */
export interface TimelineLine {
  readonly at: number;
  readonly after: number;
  readonly who: string;
  readonly text: string;
}

type Of<T extends DomainEvent['type']> = Extract<DomainEvent, { readonly type: T }>;

/** Tells a rollout as it goes: give it commits in the order of the log, it gives back the lines worth telling. */
export class Timeline {
  private plan: Plan | undefined;
  private readonly hosts: string[] = [];
  private start: number | undefined;
  private readonly batches = new Batches(() => this.plan);
  private readonly shift = new Shift(() => this.plan);
  private readonly ramp = new Ramp(() => this.plan);

  /** `plan` when the commits do not begin with the plan itself. */
  constructor(plan?: Plan) {
    this.plan = plan;
  }

  add(commit: CommitView): TimelineLine[] {
    const lines: TimelineLine[] = [];
    for (const event of commit.events) {
      if (event.type === 'MembersSynced') this.plan = withBatches(this.plan, event);
      const text = this.ramp.tell(event, commit.at) ?? this.tell(event, commit.at);
      if (text === undefined) continue;
      this.start ??= commit.at;
      lines.push({ at: commit.at, after: commit.at - this.start, who: event.meta.by.id, text });
    }
    return lines;
  }

  private readonly hostOf = (target: number): string => this.hosts[target] ?? `target ${target + 1}`;

  private tell(event: EventView, at: number): string | undefined {
    switch (event.type) {
      case 'PlanTargetsAdded':
      case 'MembersAdded':
        this.hosts.length = Math.min(event.from, this.hosts.length);
        for (const { host } of event.targets) this.hosts.push(host);
        return undefined;
      case 'RolloutPlanned':
        this.plan = event.plan;
        return plannedInWords(event, this.hosts);
      case 'RequestRefused':
        return `request refused: ${faultsInWords(event.faults)}`;
      case 'StepSucceeded':
        this.batches.stepSucceeded(event.target, event.step, event.note);
        return fellBackInWords(event, this.hostOf);
      case 'DrainSkipped':
        this.batches.stepSucceeded(event.target, event.step, undefined);
        return `${this.hostOf(event.target)}: ${event.step} without the balancer ${event.dependency}: ${event.words}`;
      case 'StepFailed':
        return this.stepFailed(event);
      case 'TargetUnknown':
        return `${this.hostOf(event.target)}: ${event.code === 'DEADLINE' ? 'no result by the deadline' : 'cannot be reached'} (${event.step}, try ${event.n}); it counts as lost until it answers`;
      case 'TargetExcluded':
        return `${this.hostOf(event.target)} excluded${why(event.reason)}`;
      default:
        return this.tellStage(event, at);
    }
  }

  private stepFailed(event: Of<'StepFailed'>): string {
    this.batches.stepFailed(event.target);
    const serves = event.serving ? 'it still serves' : 'it does not serve';
    return `${this.hostOf(event.target)}: ${event.step} failed after ${lengthOf(event.ms)}: ${event.message} [${event.code}]; ${triedAgain(event.again) ?? serves}`;
  }

  private tellStage(event: EventView, at: number): string | undefined {
    const { batches } = this;
    switch (event.type) {
      case 'StageEntered':
        batches.enter(event.stage, at);
        return this.entered(event.stage);
      case 'StageSettled':
        return batches.settledInWords(event.stage, at);
      case 'TargetsAdmitted':
        return this.admitted(event);
      case 'WaitStarted':
        return waitInWords(event, batches.name(event.stage), at);
      case 'BatchAwaited':
        return `${batches.name(event.stage)} waits for proceed (manual mode)`;
      case 'BatchProceeded':
        return `${batches.name(event.stage)} may go`;
      case 'GateRecorded':
        return `gate ${event.gate} ${PLACE_OF[event.phase ?? 'exit']} ${batches.name(event.stage)}: ${event.verdict}: ${event.words}`;
      default:
        return courseInWords(event, { hostOf: this.hostOf, countsInWords, shift: this.shift, ramp: this.ramp, at });
    }
  }

  private entered(stage: number): string {
    const [from, to] = this.batches.span(stage);
    const names = this.hosts.slice(from, to);
    return `${this.batches.name(stage)} begins${to > from ? `: ${plural(to - from, 'host')}` : ''}${names.length > 0 ? `: ${someOf(names)}` : ''}`;
  }

  /** Admissions of a batch are in its summary; what is out of the ordinary is told. */
  private admitted({ run, targets }: Of<'TargetsAdmitted'>): string | undefined {
    const names = someOf(targets.map(this.hostOf));
    if (run === 'enable') return `enables ${names}`;
    return run === 'probe' ? `looks whether the version runs already on ${names}` : undefined;
  }
}

const PLACE_OF = { entry: 'before', during: 'in the middle of', exit: 'of' } as const;

/** 0: no try of the plan's is used up, for the host was not the fault. */
function triedAgain(again: number | undefined): string | undefined {
  if (again === undefined) return undefined;
  return again === 0 ? 'tried again when that is back' : `tried again (${again})`;
}

/** Which sources of an artifact did not serve, and which one did (TAR-36). */
function fellBackInWords(
  { target, source, fellBack = [] }: Of<'StepSucceeded'>,
  hostOf: (target: number) => string,
): string | undefined {
  if (fellBack.length === 0) return undefined;
  const failed = fellBack.map(({ url, code }) => `${url} [${code}]`).join(', ');
  return `${hostOf(target)}: downloaded from ${source ?? 'another source'} after ${failed}`;
}

function waitInWords({ wait, until }: Of<'WaitStarted'>, name: string, at: number): string {
  const length = formatDuration(Math.max(0, until - at));
  switch (wait) {
    case 'interval':
      return `waits ${length} before ${name}`;
    case 'bake':
    case 'dwell':
      return `${name} is watched for ${length}`;
    case 'capacity':
      return `${name}: the side may take ${length} until it is ready`;
    case 'drain':
      return `${name} waits ${length} for requests under way`;
  }
}

function plannedInWords(event: Of<'RolloutPlanned'>, hosts: readonly string[]): string {
  const { plan, planHash, inventory, unreachable, drift } = event;
  const { budget, canaries } = plan;
  const canary = canaries > 0 ? `canary ${someOf(hosts.slice(0, canaries))}, ` : '';
  const sizes = someOf(plan.batches.map(([size, times]) => (times > 1 ? `${times} x ${size}` : String(size))));
  const what = plan.strategy === 'rollback' ? `rollback of ${plan.rollbackOf ?? 'a rollout'} to` : plan.app;
  const limit = Math.min(budget.maxUnavailable, budget.failureLimit);
  const ofHosts = [
    `${plural(plan.targetCount, 'host')}, ${canary}batches ${sizes || 'none'}`,
    `at most ${budget.maxUnavailable} of ${budget.members} unavailable, brake at ${limit} lost`,
  ];
  const shift = plan.traffic === undefined ? ofHosts : [shiftPlanInWords(plan.traffic)];
  const course = plan.ramp === undefined ? shift : [rampPlanInWords(plan.ramp)];
  const told = [
    `planned ${what} ${plan.version} in ${plan.group}: ${course.join('; ')}`,
    `plan ${planHash.slice(0, 12)}, requested by ${plan.requestedBy.id}${why(plan.reason)}`,
    ...(inventory === undefined ? [] : [`inventory ${inventoryInWords(inventory)}`]),
    ...(unreachable === undefined ? [] : [`not heard of: ${unreachable.count} (${someOf(unreachable.hosts)})`]),
    ...(drift === undefined ? [] : [`DRIFT on ${plural(drift.count, 'host')}: ${driftsInWords(drift.hosts)}`]),
  ];
  return told.join('; ');
}

/** The whole history, one line each. */
export function timelineOf(commits: Iterable<CommitView>, plan?: Plan): TimelineLine[] {
  const timeline = new Timeline(plan);
  return [...commits].flatMap((commit) => timeline.add(commit));
}

/** `+00:04.1  executor      batch 2: 3 of 3 done in 4.1 s`. */
export const formatLine = ({ after, who, text }: TimelineLine): string =>
  `${offsetOf(after).padStart(9)}  ${who.padEnd(12)}  ${text}`;

/** The history as text: relative time, who, what, why, and the numbers of a brake. */
export const renderTimeline = (commits: Iterable<CommitView>, plan?: Plan): string[] =>
  timelineOf(commits, plan).map(formatLine);
