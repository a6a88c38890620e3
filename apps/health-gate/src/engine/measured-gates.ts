import type { GateJudged, Verdict } from '@sluice/contracts';
import {
  isFinal,
  judgedMeasure,
  judgeMeasured,
  type MeasuredInputs,
  type MeasuredJudgement,
  type MeasuredTally,
  NOTHING_MEASURED,
  specHash,
  tallyAfter,
} from '@sluice/gating';
import type { CancelTimer, Clock } from '@sluice/kernel';

import { inputsFor } from '../measure/inputs.js';
import { measureRow, type MeasurerDeps, type Outcome } from '../measure/measurer.js';
import { firstDue, type GateRow, nextDue, rowsOf } from '../measure/rows.js';
import type { RolloutWatch } from '../watch/rollout-watch.js';
import { mayWait, Restraint } from './restraint.js';
import { Lanes } from './work.js';

/** Measurements at once, over all rollouts. Sources bound for themselves how many questions each of them gets. */
const MAX_MEASURING = 256;

/** A row while it is open. */
interface OpenRow {
  row: GateRow;
  tally: MeasuredTally;
  /** The last verdict in the log, its own or another gate's. */
  last: GateJudged | undefined;
  /** Errors or inconclusive measurements beyond their limit were told. */
  exceeded: boolean;
  dueAt: number;
  busy: boolean;
  isOver: boolean;
  /** Its last verdict is on the way to the log, which does not have the newest word until then. */
  unwritten: boolean;
  readonly restraint: Restraint;
}

export interface MeasuredGatesDeps extends MeasurerDeps {
  readonly clock: Clock;
  /** Something waits in the outbox of the watch. */
  readonly write: (watch: RolloutWatch) => void;
  /** Keeps count of what is under way until the engine stops. */
  readonly spend: (work: Promise<void>) => void;
  /** A fault of our own. */
  readonly failed: (watch: RolloutWatch, row: GateRow, error: unknown) => void;
  /** Each measurement, for metrics. */
  readonly seen?: ((measured: SeenMeasurement) => void) | undefined;
}

export interface SeenMeasurement {
  readonly kind: string;
  readonly verdict: string;
  /** Code of the problem, when there was one. */
  readonly code: string | undefined;
  readonly ms: number;
}

/**
 * The gates of the plans: each is measured at its own pace, one measurement at a time, while its rollout goes on. What
 * was counted is resumed from the last verdict in the log, so a restart or a second gate goes on where it was.
 */
export class MeasuredGates {
  private readonly open = new Map<RolloutWatch, Map<string, OpenRow>>();
  private readonly lanes = new Lanes(MAX_MEASURING);
  private timer: CancelTimer | undefined;
  private timerAt = Number.POSITIVE_INFINITY;
  private stopped = false;

  constructor(private readonly deps: MeasuredGatesDeps) {}

  has(watch: RolloutWatch): boolean {
    return this.open.has(watch);
  }

  stop(): void {
    this.stopped = true;
    this.timer?.();
  }

  forget(watch: RolloutWatch): void {
    this.open.delete(watch);
  }

  /** Brings the rows up to what was folded. */
  sync(watch: RolloutWatch): void {
    if (this.stopped || !watch.loaded) return;
    const before = this.open.get(watch);
    const after = new Map<string, OpenRow>();
    for (const row of rowsOf(watch)) {
      const open = before?.get(row.key) ?? this.begin(row);
      open.row = row;
      this.resume(open, watch.judged.get(row.key));
      after.set(row.key, open);
    }
    if (after.size === 0) this.open.delete(watch);
    else this.open.set(watch, after);
    this.arm(watch, after);
  }

  /** What waited in the outbox stands in the log, or does not: then it is measured anew, on what the log says. */
  wrote(watch: RolloutWatch, events: readonly GateJudged[], isWritten: boolean): void {
    const now = this.deps.clock.now();
    for (const open of this.open.get(watch)?.values() ?? []) {
      const own = events.find((event) => event === open.last);
      if (own === undefined) continue;
      open.unwritten = false;
      if (isWritten) watch.noteJudged(own);
      else {
        open.last = undefined;
        open.tally = NOTHING_MEASURED;
        open.exceeded = false;
        open.isOver = false;
        open.dueAt = now;
      }
    }
  }

  private begin(row: GateRow): OpenRow {
    return {
      row,
      tally: NOTHING_MEASURED,
      last: undefined,
      exceeded: false,
      dueAt: firstDue(row),
      busy: false,
      isOver: false,
      unwritten: false,
      restraint: new Restraint(this.deps.clock.now()),
    };
  }

  /** Goes on from a verdict in the log that this gate did not write, or has forgotten. */
  private resume(open: OpenRow, last: GateJudged | undefined): void {
    if (last === undefined || last === open.last || open.unwritten) return;
    const inputs = last.inputs as unknown as MeasuredInputs;
    const at = inputs.at;
    const tally = tallyAfter(inputs);
    open.tally = { ...tally, looks: tally.looks + this.looksSince(open, at) };
    open.last = last;
    open.exceeded = judgeMeasured(inputs).exceeded;
    open.isOver = isOver(open.row, last.verdict);
    open.dueAt = Math.max(firstDue(open.row), nextDue(open.row, at));
  }

  /** Looks that nobody wrote down: as many as may have been made, so that the level holds over restarts. */
  private looksSince({ row }: OpenRow, at: number): number {
    if (row.spec.measure.kind !== 'comparison') return 0;
    return Math.floor(Math.max(0, this.deps.clock.now() - at) / Math.max(1, row.spec.intervalMs));
  }

  private arm(watch: RolloutWatch, rows: Iterable<readonly [string, OpenRow]>): void {
    if (this.stopped) return;
    let due = Number.POSITIVE_INFINITY;
    for (const [, open] of rows) if (isWaiting(open) && isMeasured(watch, open.row)) due = Math.min(due, open.dueAt);
    if (due >= this.timerAt) return;
    this.timer?.();
    this.timerAt = due;
    this.timer = this.deps.clock.schedule(Math.max(0, due - this.deps.clock.now()), () => this.onTimer());
  }

  private onTimer(): void {
    this.timer = undefined;
    this.timerAt = Number.POSITIVE_INFINITY;
    const now = this.deps.clock.now();
    for (const [watch, rows] of this.open) {
      for (const open of rows.values())
        if (isWaiting(open) && open.dueAt <= now && isMeasured(watch, open.row)) this.start(watch, open);
      this.arm(watch, rows);
    }
  }

  private start(watch: RolloutWatch, open: OpenRow): void {
    open.busy = true;
    this.deps.spend(
      this.lanes.run(async () => {
        const startedAt = this.deps.clock.now();
        try {
          await this.measure(watch, open, startedAt);
        } catch (error) {
          this.deps.failed(watch, open.row, error);
        }
        open.busy = false;
        open.dueAt = Math.max(nextDue(open.row, startedAt), open.dueAt);
        this.arm(watch, this.open.get(watch) ?? []);
      }),
    );
  }

  /** When another gate was faster, its verdict counts and this one is dropped: two gates must not count one moment twice. */
  private async measure(watch: RolloutWatch, open: OpenRow, startedAt: number): Promise<void> {
    if (!this.isOpen(watch, open)) return;
    const { last } = open;
    const outcome = await measureRow(this.deps, watch, open.row, startedAt);
    if (this.isOpen(watch, open) && isMeasured(watch, open.row) && open.last === last) this.judge(watch, open, outcome);
  }

  /** The row still wants to be measured: neither its stage nor the engine is over. */
  private isOpen(watch: RolloutWatch, open: OpenRow): boolean {
    return !this.stopped && !open.isOver && this.open.get(watch)?.get(open.row.key) === open;
  }

  private judge(watch: RolloutWatch, open: OpenRow, outcome: Outcome): void {
    const { row } = open;
    // A stage that just began has nothing to ask about yet: that is no finding.
    if (outcome.nothing !== undefined && row.phase === 'during') return;
    const now = this.deps.clock.now();
    const inputs = inputsFor(watch, row, outcome, { tally: open.tally, at: now });
    const said = judgeMeasured(inputs);
    const { kind } = row.spec.measure;
    const { verdict } = said.measured;
    this.deps.seen?.({ kind, verdict, code: inputs.problem?.code, ms: now - outcome.window.to });
    open.tally = said.tally;
    const event = judgedMeasure(inputs, specHash(row.spec));
    if (!isWorthWriting(open, inputs, said, now)) return;
    open.last = event;
    open.exceeded = said.exceeded;
    open.isOver = isOver(row, said.verdict);
    open.unwritten = true;
    watch.outbox.push({ event, cause: row.cause, corr: row.corr });
    this.deps.write(watch);
  }
}

const isWaiting = ({ busy, isOver: over }: OpenRow): boolean => !busy && !over;

/** What ends a row and what counts towards its failure always is; the rest when it changes something, and bounded. */
function isWorthWriting(open: OpenRow, inputs: MeasuredInputs, said: MeasuredJudgement, now: number): boolean {
  if (said.measured.verdict === 'fail' || isOver(open.row, said.verdict)) return true;
  const changes = open.last?.verdict !== said.verdict || open.exceeded !== said.exceeded;
  return !mayWait(inputs, said, changes) && open.restraint.allows(now);
}

/**
 * What is asked at an entry or an exit is measured while the rollout goes on: a verdict of a pause would be old when it
 * ends. What watches a stage watches on in a pause, for what the stage brought serves all the while.
 */
function isMeasured({ loaded, state: { status } }: RolloutWatch, { phase }: GateRow): boolean {
  if (!loaded) return false;
  return status === 'running' || status === 'awaiting-approval' || (status === 'paused' && phase === 'during');
}

/** A failure ends the round; a pass ends what is asked once, and nothing that goes along with a stage. */
const isOver = (row: GateRow, verdict: Verdict): boolean =>
  verdict === 'fail' || (isFinal(verdict) && row.phase !== 'during');
