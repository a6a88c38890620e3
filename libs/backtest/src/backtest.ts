import type { AuditedCommit, CommitSource } from '@sluice/audit';
import { decodeCommit, type LabelEvent, type PlanEvent, type RolloutEvent, type RolloutLabel } from '@sluice/contracts';

import { type CandidatePolicy, isSelected } from './policy/policy.js';
import type { BacktestCounts, BacktestReport, KnownLabels, LabelledResult } from './score/report.js';
import { Scorer } from './score/score.js';
import type { HowItEnded, TrialResult } from './trial/outcome.js';
import { RolloutTrial } from './trial/rollout-trial.js';

export interface BacktestOptions {
  /** Rollouts that were planned from then on, and before then; ms since the epoch. */
  readonly since?: number;
  readonly until?: number;
  /** What nobody labelled counts as bad when it failed or was rolled back, and as good when it succeeded. */
  readonly infer?: boolean;
  /** Told now and then how far it is. */
  readonly progress?: (counts: Pick<BacktestCounts, 'commits' | 'bytes'>) => void;
}

/** What is kept of a rollout that is over: its label may come any time later. */
interface Record {
  readonly live: boolean;
  readonly stops: boolean | 'unknown';
  end: HowItEnded;
  readonly changed: TrialResult | undefined;
}

type Entry = { readonly trial: RolloutTrial; plannedAt: number } | { readonly record: Record } | typeof LEFT;

const LEFT = 'left';
/** Rollouts that differ and are told one by one. */
const MAX_CHANGED = 10_000;
const PROGRESS_EVERY = 10_000;
const HEAD = /^\{"v":1,"id":"[^"\\]{0,64}","stream":"([a-z]{1,16})\.([\w=-]{1,300})"/;
const MAX_HEAD = 480;

/**
 * Folds every rollout of a log through the policy, in one pass in the order of the log. In memory are the states of the
 * rollouts that are open, and a line for each one that is over. It asks nobody and writes nothing. Codes BAD_COMMIT,
 * UNKNOWN_EVENT, UNKNOWN_EVENT_VERSION for a log that this version cannot read, and those of its source.
 */
export async function backtest(
  source: CommitSource,
  policy: CandidatePolicy,
  options: BacktestOptions = {},
): Promise<BacktestReport> {
  const run = new Backtest(policy, options);
  for await (const commit of source) run.add(commit);
  return run.finish();
}

/** The same for whoever has the commits coming in: `add` each in the order of the log, then `finish`. */
export class Backtest {
  private readonly start = performance.now();
  private readonly entries = new Map<string, Entry>();
  private readonly labels = new Map<string, RolloutLabel>();
  private readonly orphans = new Set<string>();
  private readonly sums = { commits: 0, events: 0, bytes: 0, left: 0, rollbacks: 0, open: 0 };
  private readonly outcomes = { same: 0, stops: 0, goesOn: 0, unknown: 0 };
  private readonly spared = { rollouts: 0, targets: 0, ms: 0 };
  private listed = 0;
  private more = 0;

  constructor(
    private readonly policy: CandidatePolicy,
    private readonly options: BacktestOptions = {},
  ) {}

  add({ bytes, position, stream }: AuditedCommit): void {
    const { sums } = this;
    sums.commits += 1;
    sums.bytes += bytes.length;
    if (sums.commits % PROGRESS_EVERY === 0) this.options.progress?.(sums);
    const [, writer = '', id = ''] = stream === undefined ? headOf(bytes) : [0, stream.writer, stream.id];
    if (writer === 'label') this.labelled(bytes);
    else if (writer === 'plan') this.planned(id, bytes);
    else if (writer === 'exec' || writer === 'gate') this.followed(id, writer, { bytes, position });
  }

  finish(): BacktestReport {
    for (const [id, entry] of this.entries) if (entry !== LEFT && 'trial' in entry) this.over(id, entry);
    const { commits, events, bytes, left, rollbacks, open } = this.sums;
    const scored = this.scored();
    const { since, until } = this.options;
    return {
      policy: this.policy.name,
      ...(since === undefined ? {} : { since }),
      ...(until === undefined ? {} : { until }),
      counts: {
        ...{ commits, events, bytes, left, rollbacks, open },
        rollouts: Object.values(this.outcomes).reduce((sum, count) => sum + count, 0),
        withoutPlan: this.orphans.size,
      },
      outcomes: this.outcomes,
      spared: this.spared,
      ...scored,
      more: this.more,
      ms: performance.now() - this.start,
    };
  }

  private planned(id: string, bytes: Uint8Array): void {
    const entry = this.entries.get(id);
    if (entry === LEFT || (entry !== undefined && 'record' in entry)) return;
    const decoded = decodeCommit(bytes);
    if (decoded.events.every(({ type }) => type === 'RequestRefused')) return;
    const kept = entry ?? { trial: new RolloutTrial(id, this.policy), plannedAt: 0 };
    const sealed = (decoded.events as readonly PlanEvent[]).find((event) => event.type === 'RolloutPlanned');
    const isLeft = sealed !== undefined && this.isLeft(sealed.plan, decoded.at);
    this.entries.set(id, isLeft ? LEFT : kept);
    if (isLeft) return;
    this.sums.events += decoded.events.length;
    kept.trial.planned(decoded);
    kept.plannedAt = decoded.at;
  }

  private followed(id: string, writer: 'exec' | 'gate', commit: Pick<AuditedCommit, 'bytes' | 'position'>): void {
    const entry = this.entries.get(id);
    if (entry === LEFT) return;
    if (entry === undefined) this.orphaned(id, writer);
    else if ('trial' in entry) this.tell(id, writer, entry, commit);
    else if (writer === 'exec') this.afterEnd(entry.record, commit.bytes);
  }

  private orphaned(id: string, writer: 'exec' | 'gate'): void {
    if (writer === 'exec') this.orphans.add(id);
  }

  private isLeft(plan: Parameters<typeof isSelected>[1] & { readonly strategy: string }, at: number): boolean {
    const { since = 0, until = Number.POSITIVE_INFINITY } = this.options;
    const isLeft = at < since || at >= until || !isSelected(this.policy.applies, plan);
    const isRollback = !isLeft && plan.strategy === 'rollback';
    if (isRollback) this.sums.rollbacks += 1;
    if (isLeft) this.sums.left += 1;
    return isLeft || isRollback;
  }

  private tell(
    id: string,
    writer: 'exec' | 'gate',
    entry: Extract<Entry, { readonly trial: RolloutTrial }>,
    { bytes, position }: Pick<AuditedCommit, 'bytes' | 'position'>,
  ): void {
    const { trial } = entry;
    if (trial.plan === undefined) return void this.orphans.add(id);
    const decoded = decodeCommit(bytes);
    this.sums.events += decoded.events.length;
    if (writer === 'gate') return trial.judged(decoded, position);
    trial.executed(decoded, position);
    if (trial.isOver) this.over(id, entry);
  }

  /** A success may be rolled back later. */
  private afterEnd(record: Record, bytes: Uint8Array): void {
    const { events } = decodeCommit(bytes);
    if ((events as readonly RolloutEvent[]).some(({ type }) => type === 'RollbackRequested')) record.end = 'bad';
  }

  private labelled(bytes: Uint8Array): void {
    for (const { rollout, label } of decodeCommit(bytes).events as readonly LabelEvent[])
      this.labels.set(rollout, label);
  }

  private over(id: string, { trial, plannedAt }: Extract<Entry, { readonly trial: RolloutTrial }>): void {
    if (trial.plan === undefined) return void this.entries.delete(id);
    const result = trial.result(plannedAt);
    const { outcome, stops, live, end, spared, open } = result;
    this.outcomes[outcome] += 1;
    if (open) this.sums.open += 1;
    if (spared !== undefined) {
      this.spared.rollouts += 1;
      this.spared.targets += spared.targets;
      this.spared.ms += spared.ms;
    }
    const isListed = outcome !== 'same' && this.listed < MAX_CHANGED;
    if (isListed) this.listed += 1;
    else if (outcome !== 'same') this.more += 1;
    const record = { live: live !== undefined, stops, end, changed: isListed ? result : undefined };
    this.entries.set(id, { record });
  }

  private scored(): Pick<BacktestReport, 'labels' | 'live' | 'candidate' | 'changed'> {
    const [live, candidate] = [new Scorer(), new Scorer()];
    const labels = { good: 0, bad: 0, inferred: 0, unlabelled: 0 };
    const changed: LabelledResult[] = [];
    for (const [id, entry] of this.entries) {
      if (entry === LEFT || 'trial' in entry) continue;
      const { record } = entry;
      const known = this.known(id, record, labels);
      if (known !== undefined) {
        live.add({ label: known.label, stops: record.live });
        candidate.add({ label: known.label, stops: record.stops });
      }
      if (record.changed !== undefined) changed.push({ ...record.changed, end: record.end, ...known });
    }
    return { labels, live: live.score(), candidate: candidate.score(), changed };
  }

  private known(
    id: string,
    { end }: Record,
    labels: { -readonly [K in keyof KnownLabels]: number },
  ): (Pick<LabelledResult, 'inferred'> & { readonly label: 'good' | 'bad' }) | undefined {
    const said = this.labels.get(id) ?? 'none';
    if (said !== 'none') {
      labels[said] += 1;
      return { label: said };
    }
    if (this.options.infer !== true || end === 'neither') {
      labels.unlabelled += 1;
      return undefined;
    }
    labels[end] += 1;
    labels.inferred += 1;
    return { label: end, inferred: true };
  }
}

function headOf(bytes: Uint8Array): readonly (string | undefined)[] {
  const head = Buffer.from(bytes.buffer, bytes.byteOffset, Math.min(bytes.length, MAX_HEAD)).toString('latin1');
  return HEAD.exec(head) ?? [];
}
