import type { DecodedCommit, GateEvent, GateJudged, Plan, PlanEvent, RolloutEvent } from '@sluice/contracts';
import { isSluiceError, SluiceError } from '@sluice/kernel';
import { evolveRollout, initialRollout, isFrozen, isTerminal, planOf, type RolloutState } from '@sluice/rollout';

import type { CandidatePolicy } from '../policy/policy.js';
import { candidateBrake, goesOnWords, isPolicyBrake, outOfStep, paceAtRest } from './brake.js';
import { CandidateGates } from './gates.js';
import type { Divergence, HowItEnded, Place, Spared, TrialResult } from './outcome.js';

/** What follows by itself from a state: before each of these the rollout looks whether it has to brake. */
const COURSE: ReadonlySet<RolloutEvent['type']> = new Set([
  ...(['TargetsAdmitted', 'RolloutBraked', 'StageEntered', 'StageSettled', 'GatesRequested', 'StagePassed'] as const),
  ...(['WaitStarted', 'BatchAwaited', 'ApprovalRequested', 'SideScaleOrdered', 'WeightSet'] as const),
  ...(['SideRetireOrdered', 'RolloutSucceeded', 'RolloutFailed'] as const),
]);

/** What stands and waits for a person may serve all the while: a gate that watches brakes it too. */
const MAY_SERVE: ReadonlySet<string> = new Set(['paused', 'awaiting-approval']);

const isSettled = (status: RolloutState['status']): boolean => isTerminal(status) || status === 'failed';

/** What is decided next comes of the state alone, or nothing does. */
const isDecided = (next: RolloutEvent | undefined): boolean => next === undefined || COURSE.has(next.type);

/**
 * One rollout as its streams tell it, under the live policy and under the candidate. Up to the first event at which they
 * differ the recorded history is the candidate's too; what is behind it is only the live one's.
 */
export class RolloutTrial {
  private readonly state: RolloutState = initialRollout();
  private gates: CandidateGates | undefined;
  private divergence: Divergence | undefined;
  /** Something that was not recorded may have stopped it from here on. */
  private doubt: { readonly at: Place; readonly why: string } | undefined;
  private live: TrialResult['live'];
  private stopped = false;
  private spared: { readonly touched: number; readonly at: number; until: number | undefined } | undefined;
  private pendingGate: { readonly words: string; readonly atLatest: boolean } | undefined;
  private end: HowItEnded = 'neither';
  private lastAt = 0;
  /** Of the last commit of its course. */
  private rev = 0;
  private isBroken = false;

  constructor(
    private readonly id: string,
    private readonly policy: CandidatePolicy,
  ) {}

  get plan(): Plan | undefined {
    return this.state.plan;
  }

  /** Nothing that comes says more of it. */
  get isOver(): boolean {
    return this.isBroken || isTerminal(this.state.status);
  }

  planned({ events, at }: DecodedCommit): void {
    for (const event of events as readonly PlanEvent[]) evolveRollout(this.state, event, at);
    if (this.state.plan !== undefined) this.gates ??= new CandidateGates(this.state.plan, this.policy.gates);
  }

  judged({ events, stream, rev, at }: DecodedCommit, position: number): void {
    for (const [event, judged] of (events as readonly GateEvent[]).entries()) {
      if (judged.type !== 'GateJudged' || this.divergence !== undefined) continue;
      this.measured(judged, { stream, rev, event, position, at });
    }
  }

  /** What is not there cannot be followed: then nothing more is said of it. */
  executed(commit: DecodedCommit, position: number): void {
    if (this.isBroken) return;
    const { stream, rev, at } = commit;
    try {
      if (rev !== this.rev + 1) throw new SluiceError('REV_GAP', `rev ${this.rev + 1} is missing before rev ${rev}`);
      this.rev = rev;
      this.followed(commit, position);
    } catch (error) {
      if (!isSluiceError(error)) throw error;
      this.isBroken = true;
      const place: Place = { stream, rev, event: 0, position, at };
      this.divergence ??= { kind: 'unknown', at: place, because: `its history cannot be followed: ${error.message}` };
    }
  }

  private followed({ events, meta, stream, rev, at }: DecodedCommit, position: number): void {
    const all = events as readonly RolloutEvent[];
    this.lastAt = at;
    for (const [i, event] of all.entries()) {
      const place: Place = { stream, rev, event: i, position, at };
      if (this.divergence === undefined) this.before(event, place);
      this.follow(event, place);
      const next = all[i + 1];
      if (this.divergence === undefined && (isDecided(next) || meta[i + 1]?.cause !== meta[i]?.cause))
        this.after(place, next);
    }
  }

  result(plannedAt: number): TrialResult {
    const { app, group, version } = planOf(this.state);
    const divergence = this.divergence ?? this.doubted();
    const spared = this.sparedBy();
    const stops = divergence === undefined ? false : divergence.kind === 'stops' || 'unknown';
    return {
      ...{ rollout: this.id, app, group, version, plannedAt, open: !isTerminal(this.state.status) },
      ...(this.live === undefined ? {} : { live: this.live }),
      ...(divergence === undefined ? { outcome: 'same' } : { outcome: divergence.kind, divergence }),
      ...(spared === undefined ? {} : { spared }),
      ...{ stops: this.stopped || stops, end: this.end },
    };
  }

  private measured(judged: GateJudged, place: Place): void {
    const { gate, verdict, shadow, phase } = judged;
    const found = this.gates?.judge(this.state, judged);
    if (found?.kind === 'unrecorded') this.doubt ??= { at: place, why: `gate ${gate}: ${found.why}` };
    if (found?.kind !== 'fails') return;
    if (verdict === 'fail' && shadow !== true) return this.bothFail(gate, found.atLatest, place);
    this.pendingGate ??= { words: `gate ${gate} failed: ${found.words}`, atLatest: found.atLatest };
    this.look(place, phase === 'during');
  }

  private bothFail(gate: string, atLatest: boolean, at: Place): void {
    const why = `gate ${gate} fails here too, and could have failed before: not all was written down`;
    if (atLatest) this.doubt ??= { at, why };
  }

  /** What the candidate would not have done, before the event is folded. */
  private before(event: RolloutEvent, place: Place): void {
    switch (event.type) {
      case 'StageEntered':
      case 'StagePassed':
        return this.goesOnTo(event, place);
      case 'TargetsAdmitted': {
        const found = outOfStep(this.state, this.policy.brake, event);
        return found === undefined ? undefined : this.diverge({ ...found, at: place });
      }
      case 'RolloutBraked': {
        const because = goesOnWords(this.state, this.policy.brake, event.cause, this.gates);
        return because === undefined ? undefined : this.diverge({ kind: 'goesOn', at: place, because });
      }
      default:
    }
  }

  private goesOnTo(event: Extract<RolloutEvent, { readonly type: 'StageEntered' | 'StagePassed' }>, at: Place): void {
    const absent = this.gates?.absent ?? [];
    if (event.type === 'StageEntered' && absent.length > 0) {
      const because = `gate ${absent.join(', ')} is not in its plan, so its values were never recorded`;
      return this.diverge({ kind: 'unknown', at, because });
    }
    const phase = event.type === 'StageEntered' ? 'entry' : 'exit';
    const gate = this.gates?.waitsFor(this.state, phase, event.stage);
    if (gate !== undefined) this.diverge({ kind: 'unknown', at, because: `it would still wait for gate ${gate} here` });
  }

  /** Where the rollout looks whether it has to brake; `next` is what it did, and nothing when it came to rest. */
  private after(at: Place, next: RolloutEvent | undefined): void {
    // Whatever both brake for, they brake here. What no policy decides comes after what one decides.
    if (next?.type === 'RolloutBraked' && isPolicyBrake(next.cause)) return;
    this.look(at, false);
    if (this.divergence !== undefined || next !== undefined || this.state.status !== 'running') return;
    const found = paceAtRest(this.state, this.policy.brake);
    if (found !== undefined) this.diverge({ kind: 'unknown', at, because: found });
    else if (this.goesOnEarlier(at.at))
      this.diverge({ kind: 'unknown', at, because: 'its gates have passed here, and it would have gone on' });
  }

  private look(place: Place, atOnce: boolean): void {
    const { state, pendingGate } = this;
    const { status } = state;
    if (pendingGate !== undefined && (status === 'running' || (atOnce && MAY_SERVE.has(status))))
      return this.diverge({ kind: 'stops', at: place, because: pendingGate.words, atLatest: pendingGate.atLatest });
    const cause = status === 'running' && !state.retry.active ? candidateBrake(state, this.policy.brake) : undefined;
    if (cause !== undefined) this.diverge({ kind: 'stops', at: place, because: cause, atLatest: false });
  }

  private goesOnEarlier(now: number): boolean {
    const { state } = this;
    const isBaking = state.wait !== undefined && now < state.wait.until;
    return !isBaking && state.open.size === 0 && !isFrozen(state) && (this.gates?.isThrough(state) ?? false);
  }

  private diverge(divergence: Divergence): void {
    const { doubt } = this;
    if (divergence.kind !== 'stops' && doubt !== undefined)
      this.divergence = { kind: 'unknown', at: doubt.at, because: doubt.why };
    else if (divergence.kind === 'stops') {
      this.divergence = doubt === undefined ? divergence : { ...divergence, atLatest: true };
      this.spared = { touched: this.state.touched, at: divergence.at.at, until: undefined };
    } else this.divergence = divergence;
  }

  private liveStops(words: string, at: Place): void {
    this.live ??= { at, because: words };
    if (this.divergence === undefined) this.stopped = true;
    this.until(at.at);
  }

  private until(at: number): void {
    if (this.spared !== undefined) this.spared.until ??= at;
  }

  private doubted(): Divergence | undefined {
    if (this.doubt === undefined) return undefined;
    return { kind: 'unknown', at: this.doubt.at, because: this.doubt.why };
  }

  /** What the live policy did, and what became of it. */
  private follow(event: RolloutEvent, place: Place): void {
    if (event.type === 'RolloutBraked' && isPolicyBrake(event.cause)) this.liveStops(event.cause.words, place);
    else if (event.type === 'RolloutSettling') this.until(place.at);
    // Who releases a gate's brake releases what its gates have said until then.
    else if (event.type === 'BrakeReleased' && this.state.brake?.kind === 'gate') this.pendingGate = undefined;
    evolveRollout(this.state, event, place.at);
    this.followEnd(event);
  }

  private followEnd(event: RolloutEvent): void {
    if (event.type === 'RolloutSucceeded') this.end = 'good';
    else if (event.type === 'RolloutFailed' || event.type === 'RollbackRequested') this.end = 'bad';
    else if (event.type === 'RolloutCancelled') this.end = event.cause === 'rollback' ? 'bad' : 'neither';
    else if (event.type === 'RetryOrdered') this.end = 'neither';
    // A retry or a waiver may bring a failed one on again: what it ends as then counts.
  }

  private sparedBy(): Spared | undefined {
    if (this.spared === undefined) return undefined;
    const { touched, at, until } = this.spared;
    const over = until ?? (this.state.endedAt > 0 ? this.state.endedAt : undefined);
    return {
      targets: this.state.touched - touched,
      ms: Math.max(0, (over ?? this.lastAt) - at),
      ...(isSettled(this.state.status) ? {} : { soFar: true as const }),
    };
  }
}
