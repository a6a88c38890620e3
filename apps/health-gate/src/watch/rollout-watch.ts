import {
  BUILT_IN_GATES,
  EMPTY_HEAD,
  type GateEvent,
  type GateJudged,
  type GateName,
  type GatePhase,
  type Plan,
  type RecordedCommit,
  type RolloutEvent,
  type Stage,
  stageAt,
  type StreamHead,
  type Verdict,
  type Weights,
} from '@sluice/contracts';
import { isFinal, type Reading } from '@sluice/gating';
import { evolveRollout, initialRollout, isTerminal, phaseAt, planOf, type RolloutState } from '@sluice/rollout';

/** One GatesRequested that is not over. */
export interface OpenRequest {
  readonly stage: Stage;
  readonly phase: 'entry' | 'exit';
  /** When it was asked, ms since the epoch. */
  readonly at: number;
  readonly round: number;
  readonly gates: readonly GateName[];
  readonly passNotBefore: number;
  readonly position: number;
  /** What its verdicts answer: `<commit id>.<index>` of the request. */
  readonly cause: string;
  readonly corr: string;
}

/** The stage that is entered and not passed. */
export interface OpenStage {
  readonly stage: Stage;
  readonly enteredAt: number;
  readonly position: number;
  readonly cause: string;
  readonly corr: string;
  /** When its weight was in force everywhere, ms since the epoch. */
  publishedAt: number | undefined;
  /** When a gate's brake was released in it the last time, ms since the epoch. */
  releasedAt: number | undefined;
  /** The next stage is not entered yet. */
  isPassed: boolean;
}

export const verdictKey = (phase: GatePhase, stage: number, round: number, gate: GateName): string =>
  `${phase}/${stage}/${round}/${gate}`;

/** A rollout with an open request, or one that had one and goes on: its streams as far as they were read. */
export class RolloutWatch {
  state: RolloutState = initialRollout();
  planned = false;
  execRev = 0;
  execPosition = 0;
  /** The last rev of the exec stream that is known to exist. */
  wantedRev = 0;
  gateHead: StreamHead = EMPTY_HEAD;
  request: OpenRequest | undefined;
  /** The last verdict of each built-in gate of the open request. */
  readonly verdicts = new Map<GateName, Verdict>();
  open: OpenStage | undefined;
  /** The last verdict of each gate of the plan in this stage and the next, by verdictKey. */
  readonly judged = new Map<string, GateJudged>();
  /** Verdicts that wait to be written, each with what it answers. */
  outbox: { readonly event: GateJudged; readonly cause: string; readonly corr: string }[] = [];
  /** Of the targets of the current stage: how long their verify took. */
  readonly verifyMs = new Map<number, number>();
  /** Of the targets of the current stage, by their place in the plan. */
  readonly doneAt = new Map<number, number>();
  readonly readings = new Map<number, Reading>();
  /** When targets came through, of all stages. */
  readonly cameThroughAt = new Map<number, number>();
  /** Host -> the version that was told as its drift. */
  readonly drifts = new Map<string, string>();
  /** Target -> when its silence or its return was told last, ms. */
  readonly said = new Map<number, number>();
  private known: ReadonlySet<string> = new Set();
  /** Those that were published last. */
  private weights: Weights = {};
  /** Everything up to `wantedRev` was folded. */
  loaded = false;
  loading = false;
  appending = false;
  /** Something changed while a load or an append was under way. */
  again = false;
  /** Loads that failed in a row, and when the next is tried. */
  failures = 0;
  retryAt = 0;

  constructor(
    readonly id: string,
    readonly shard: string,
    /** Log position of the request that it was opened for. */
    readonly openedAt: number,
  ) {}

  get plan(): Plan {
    return planOf(this.state);
  }

  get isOver(): boolean {
    return isTerminal(this.state.status) || this.state.status === 'failed';
  }

  /** It can be judged: it is read, and nothing is being written about it. */
  get isReadable(): boolean {
    return this.loaded && !this.loading && !this.appending && this.state.startedAt > 0;
  }

  /** The hosts of all targets. */
  hosts(): ReadonlySet<string> {
    const { targets } = this.state;
    if (this.known.size !== targets.length) this.known = new Set(targets.map(({ host }) => host));
    return this.known;
  }

  /** The built-in gates of the open request. */
  builtIn(): readonly GateName[] {
    return (this.request?.gates ?? []).filter((gate) => BUILT_IN.has(gate));
  }

  /** True while a built-in gate of the open request (that one, when named) has no final verdict. */
  awaits(gate?: GateName): boolean {
    const gates = this.builtIn();
    return gates.some((each) => (gate === undefined || gate === each) && !this.isAnswered(each));
  }

  isAnswered(gate: GateName): boolean {
    return isFinal(this.verdicts.get(gate) ?? 'inconclusive');
  }

  foldPlan(commit: RecordedCommit<'plan'>): void {
    for (const event of commit.events) {
      evolveRollout(this.state, event, commit.head.at);
      if (event.type === 'RolloutPlanned') this.planned = true;
    }
  }

  /** `now` bounds the executor's clock: a target cannot be done later than it was seen done. */
  foldExec(commit: RecordedCommit<'exec'>, now: number): void {
    this.execRev = commit.head.rev;
    this.execPosition = commit.head.position;
    this.wantedRev = Math.max(this.wantedRev, commit.head.rev);
    commit.events.forEach((event, index) => {
      const { releases } = this.state.stage;
      evolveRollout(this.state, event, commit.head.at);
      if (event.type === 'GatesRequested') this.ask(event, commit, index);
      else if (event.type === 'StagePassed') this.pass();
      else if (endsRequest(event)) this.close();
      else if (event.type === 'StageEntered') this.enter(event.stage, commit, index);
      else if (event.type === 'StepSucceeded' || event.type === 'DrainSkipped')
        this.noteDone(event.target, Math.min(commit.head.at, now));
      this.noteStage(event, Math.min(commit.head.at, now), releases);
    });
  }

  foldGate(commit: RecordedCommit<'gate'>): void {
    this.gateHead = commit.head;
    this.noteDrifts(commit.events);
    for (const event of commit.events) {
      if (event.type !== 'GateJudged') continue;
      if (BUILT_IN.has(event.gate)) this.noteBuiltIn(event);
      else this.noteJudged(event);
    }
  }

  private noteBuiltIn({ gate, stage, round, verdict }: GateJudged): void {
    const { request } = this;
    if (request?.stage.index === stage && request.round === round) this.verdicts.set(gate, verdict);
  }

  /** Earlier stages are over: what was said in them is let go of. */
  noteJudged(event: GateJudged): void {
    const key = verdictKey(event.phase ?? 'exit', event.stage, event.round, event.gate);
    const newest = Math.max(event.stage, ...[...this.judged.values()].map(({ stage }) => stage));
    for (const [each, { stage }] of this.judged) if (stage < newest - 1) this.judged.delete(each);
    this.judged.set(key, event);
  }

  noteDrifts(events: readonly GateEvent[]): void {
    for (const event of events)
      if (event.type === 'DriftSeen') for (const { host, running } of event.drifts) this.drifts.set(host, running);
  }

  /** Targets of the stage (that of the open request when absent) that came through. */
  *cameThrough(stage: Stage | undefined = this.request?.stage): Generator<number> {
    for (let target = stage?.from ?? 0; target < (stage?.to ?? 0); target += 1) {
      if (cameThrough(this.state, target)) yield target;
    }
  }

  private ask(
    event: Extract<RolloutEvent, { readonly type: 'GatesRequested' }>,
    commit: RecordedCommit,
    index: number,
  ): void {
    this.dismiss();
    const stage = stageAt(this.plan, event.stage);
    if (stage === undefined) return;
    const { round, gates, passNotBefore, phase = 'exit' } = event;
    const { at, position } = commit.head;
    this.request = { stage, phase, at, round, gates, passNotBefore, position, ...answerTo(commit, index) };
  }

  private enter(index: number, commit: RecordedCommit, place: number): void {
    this.doneAt.clear();
    this.readings.clear();
    this.verifyMs.clear();
    if (this.request?.phase === 'entry') this.dismiss();
    const stage = stageAt(this.plan, index);
    const { at: enteredAt, position } = commit.head;
    // A weight that a person has raised already is not published again.
    const publishedAt = this.isInForce(stage) ? enteredAt : undefined;
    const fresh = { publishedAt, releasedAt: undefined, isPassed: false };
    this.open = stage === undefined ? undefined : { stage, enteredAt, position, ...answerTo(commit, place), ...fresh };
  }

  private isInForce(stage: Stage | undefined): boolean {
    const { newSide } = this.plan.traffic ?? {};
    if (stage?.traffic?.kind !== 'weight' || newSide === undefined) return false;
    return (this.weights[newSide] ?? 0) >= stage.traffic.weight;
  }

  /** What matters to gates that are judged while the stage is under way. */
  private noteStage(event: RolloutEvent, at: number, releases: number): void {
    if (event.type === 'StepSucceeded' && event.step === 'verify') this.verifyMs.set(event.target, event.ms);
    if (event.type === 'WeightPublished') this.weights = event.weights;
    const { open } = this;
    if (open === undefined) return;
    if (event.type === 'WeightPublished') open.publishedAt ??= at;
    else if (event.type === 'BrakeReleased' && this.state.stage.releases > releases) open.releasedAt = at;
  }

  /** What was asked in the stage is over; what watches goes on until the next one is entered. */
  private pass(): void {
    if (this.open !== undefined) this.open.isPassed = true;
    this.dismiss();
  }

  /** The stage is over, and everything that was asked in it. */
  private close(): void {
    this.open = undefined;
    this.dismiss();
  }

  private dismiss(): void {
    this.request = undefined;
    this.verdicts.clear();
    this.readings.clear();
  }

  private noteDone(target: number, at: number): void {
    if (!cameThrough(this.state, target)) return;
    this.doneAt.set(target, at);
    this.cameThroughAt.set(target, at);
    this.readings.delete(target);
  }
}

const BUILT_IN: ReadonlySet<GateName> = new Set(BUILT_IN_GATES);

/** What verdicts answer: `<commit id>.<index>` of the event. */
const answerTo = (commit: RecordedCommit, index: number): { readonly cause: string; readonly corr: string } => ({
  cause: `${commit.id}.${index}`,
  corr: commit.meta[index]?.corr ?? '',
});

function cameThrough(state: RolloutState, target: number): boolean {
  const phase = phaseAt(state, target);
  return phase === 'done' || phase === 'skipped';
}

/** True when the events end the rollout for good. */
export const endsRollout = (events: readonly RolloutEvent[]): boolean => events.some(({ type }) => ENDS.has(type));

const ENDS: ReadonlySet<string> = new Set(['RolloutSucceeded', 'RolloutCancelled', 'RolloutClosed']);

/** After this event nobody waits for a verdict any more. */
export function endsRequest(event: RolloutEvent): boolean {
  switch (event.type) {
    case 'StagePassed':
    case 'RolloutSettling':
    case 'RolloutSucceeded':
    case 'RolloutFailed':
    case 'RolloutCancelled':
    case 'RolloutClosed':
      return true;
    default:
      return false;
  }
}
