import type { EventMeta, PlanTraffic, RecordedCommit, RolloutEvent, Weights } from '@sluice/contracts';
import type { Actor } from '@sluice/kernel';

type WeightSet = Extract<RolloutEvent, { readonly type: 'WeightSet' }>;
type WeightPublished = Extract<RolloutEvent, { readonly type: 'WeightPublished' }>;

/** Who moved the traffic of a group, when, from what, to what, and why (SWB-05). Times are ms since the epoch. */
export interface WeightMove {
  readonly rolloutId: string;
  readonly stage: number;
  readonly by: Actor;
  /** `stage`: the plan. `manual`: a person. `back`: the rollout ended without success. */
  readonly why: WeightSet['why'];
  readonly reason: string | null;
  /** What was in force before; null: nobody knows. */
  readonly from: Weights | null;
  readonly to: Weights;
  readonly setAt: number;
  /** In force everywhere; null: not yet, or another weight was set before it was. */
  readonly publishedAt: number | null;
  /** Of the document with it. */
  readonly version: number | null;
}

interface Group {
  /** The oldest first. */
  readonly moves: Placed[];
  inForce: Weights | null;
}

type Placed = { -readonly [K in keyof WeightMove]: WeightMove[K] } & { readonly place: number };

/** A shift has about ten: those of the last hundred. */
const KEPT = 1_000;

/** What is known of a rollout whose plan was applied before. */
export interface ShiftOf {
  readonly group: string;
  readonly shift: PlanTraffic | undefined;
}

/** The moves of every group with sides that stand in the log, the last of each. */
export class WeightHistory {
  private readonly groups = new Map<string, Group>();
  private position = 0;
  private places = 0;

  constructor(private readonly shiftOf: (rolloutId: string) => ShiftOf | undefined) {}

  forgetAll(): void {
    this.groups.clear();
    this.position = 0;
    this.places = 0;
  }

  apply(commit: RecordedCommit): void {
    if (!isExec(commit) || commit.head.position <= this.position) return;
    this.position = commit.head.position;
    commit.events.forEach((event, index) => {
      const { id } = commit.stream;
      if (event.type === 'WeightSet') this.set(id, event, { at: commit.head.at, meta: commit.meta[index] });
      else if (event.type === 'WeightPublished') this.published(id, event, commit.head.at);
    });
  }

  /** The newest first; those before the place, at most `limit`. `next` is the place that continues. */
  list(
    group: string,
    before: number | undefined,
    limit: number,
  ): { readonly items: readonly WeightMove[]; readonly next: number | undefined } {
    const { moves = [] } = this.groups.get(group) ?? {};
    const older = moves.filter(({ place }) => before === undefined || place < before).toReversed();
    const items = older.slice(0, limit);
    return {
      items: items.map(({ place: _, ...move }) => move),
      next: older.length > limit ? items.at(-1)?.place : undefined,
    };
  }

  private set(rolloutId: string, event: WeightSet, { at, meta }: { at: number; meta: EventMeta | undefined }): void {
    const known = this.shiftOf(rolloutId);
    if (known === undefined) return;
    const group = this.groups.get(known.group) ?? { moves: [], inForce: allOnOld(known) };
    this.groups.set(known.group, group);
    const { stage, why, reason = null, weights: to } = event;
    const by = meta?.by ?? { id: 'unknown', kind: 'service' as const };
    this.places += 1;
    group.moves.push({
      ...{ rolloutId, stage, by, why, reason, from: group.inForce, to, setAt: at },
      ...{ publishedAt: null, version: null, place: this.places },
    });
    if (group.moves.length > KEPT) group.moves.shift();
  }

  private published(rolloutId: string, { weights, version }: WeightPublished, at: number): void {
    const group = this.groups.get(this.shiftOf(rolloutId)?.group ?? '');
    if (group === undefined) return;
    group.inForce = weights;
    const move = group.moves.findLast((each) => each.rolloutId === rolloutId && isSame(each.to, weights));
    if (move === undefined || move.publishedAt !== null) return;
    move.publishedAt = at;
    move.version = version;
  }
}

/** Before the first move the old side of the first plan had everything. */
const allOnOld = ({ shift }: ShiftOf): Weights | null =>
  shift === undefined ? null : { [shift.oldSide]: 100, [shift.newSide]: 0 };

const isSame = (a: Weights, b: Weights): boolean => Object.entries(a).every(([side, weight]) => b[side] === weight);

const isExec = (commit: RecordedCommit): commit is RecordedCommit<'exec'> => commit.stream.writer === 'exec';
