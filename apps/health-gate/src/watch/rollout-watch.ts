import {
  EMPTY_HEAD,
  type GateEvent,
  type GateName,
  type Plan,
  type RecordedCommit,
  type RolloutEvent,
  type Stage,
  stageAt,
  type StreamHead,
  type Verdict,
} from '@sluice/contracts';
import { isFinal, type Reading } from '@sluice/gating';
import { evolveRollout, initialRollout, isTerminal, phaseAt, planOf, type RolloutState } from '@sluice/rollout';

/** One GatesRequested that is not over. */
export interface OpenRequest {
  readonly stage: Stage;
  readonly round: number;
  readonly gates: readonly GateName[];
  readonly passNotBefore: number;
  readonly position: number;
  /** What its verdicts answer: `<commit id>.<index>` of the request. */
  readonly cause: string;
  readonly corr: string;
}

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
  /** The last verdict of each gate of the open request. */
  readonly verdicts = new Map<GateName, Verdict>();
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

  /** True while a gate of the open request (that one, when named) has no final verdict. */
  awaits(gate?: GateName): boolean {
    const gates = this.request?.gates ?? [];
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
      evolveRollout(this.state, event, commit.head.at);
      if (event.type === 'GatesRequested') this.open(event, commit, index);
      else if (endsRequest(event)) this.close();
      else if (event.type === 'StageEntered') this.forgetTargets();
      else if (event.type === 'StepSucceeded' || event.type === 'DrainSkipped')
        this.noteDone(event.target, Math.min(commit.head.at, now));
    });
  }

  foldGate(commit: RecordedCommit<'gate'>): void {
    this.gateHead = commit.head;
    this.noteDrifts(commit.events);
    for (const event of commit.events) {
      const { request } = this;
      if (event.type !== 'GateJudged') continue;
      if (request?.stage.index === event.stage && request.round === event.round)
        this.verdicts.set(event.gate, event.verdict);
    }
  }

  noteDrifts(events: readonly GateEvent[]): void {
    for (const event of events)
      if (event.type === 'DriftSeen') for (const { host, running } of event.drifts) this.drifts.set(host, running);
  }

  /** Targets of the open request's stage that came through. */
  *cameThrough(): Generator<number> {
    const { stage } = this.request ?? {};
    for (let target = stage?.from ?? 0; target < (stage?.to ?? 0); target += 1) {
      if (cameThrough(this.state, target)) yield target;
    }
  }

  private open(
    event: Extract<RolloutEvent, { readonly type: 'GatesRequested' }>,
    commit: RecordedCommit,
    index: number,
  ): void {
    this.close();
    const stage = stageAt(this.plan, event.stage);
    if (stage === undefined) return;
    const { round, gates, passNotBefore } = event;
    const cause = `${commit.id}.${index}`;
    this.request = {
      stage,
      round,
      gates,
      passNotBefore,
      position: commit.head.position,
      cause,
      corr: commit.meta[index]?.corr ?? '',
    };
  }

  private close(): void {
    this.request = undefined;
    this.verdicts.clear();
    this.readings.clear();
  }

  private forgetTargets(): void {
    this.doneAt.clear();
    this.readings.clear();
  }

  private noteDone(target: number, at: number): void {
    if (!cameThrough(this.state, target)) return;
    this.doneAt.set(target, at);
    this.cameThroughAt.set(target, at);
    this.readings.delete(target);
  }
}

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
