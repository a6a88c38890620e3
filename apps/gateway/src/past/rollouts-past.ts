import { labelStreamId, type RecordedCommit, shardOfId, type Writer } from '@sluice/contracts';
import { isSluiceError } from '@sluice/kernel';
import { initialRollout, isTerminal, type RolloutState } from '@sluice/rollout';

import { refuse } from '../problems/problem.js';
import { LabelIndex, type LabelView } from '../read-model/label-index.js';
import { Lru } from '../read-model/lru.js';
import { evolveCommit } from '../read-model/rollout-loader.js';
import { type AtMoment, type Cut, cutInWords } from './cut.js';
import { atOf, type Folded, type FoldParts, foldUpTo } from './fold.js';

/** A rollout as it was. `rev` is the `exec` stream's then. */
export interface RolloutThen {
  readonly state: RolloutState;
  readonly rev: number;
  readonly at: AtMoment;
  /** What people had said of it; only of one that was asked for by itself. */
  readonly label?: LabelView;
}

/** A commit stands in the log so long after its time at the latest. */
const ON_THE_WAY_MS = 60_000;
const KEPT = 4;
/** Targets of one that is kept alone. */
const LARGE = 20_000;

/** Rollouts as they were, folded from their two streams up to a moment. */
export class RolloutsPast {
  /** For whoever reads page after page. What is kept is never changed. */
  private readonly kept = new Lru<RolloutThen>(KEPT);

  constructor(private readonly parts: FoldParts) {}

  forgetAll(): void {
    this.kept.clear();
  }

  /** Undefined when the log holds nothing of it. Codes NOT_YET, PRUNED, TOO_LONG. */
  async at(id: string, cut: Cut): Promise<RolloutThen | undefined> {
    const found = await this.find(id, cut, ['plan', 'exec', 'label']);
    if (found === undefined || 'state' in found) return found;
    throw notYet(`rollout ${id}`, cut, found.beyond);
  }

  /** Undefined also before it was planned, and when its bytes were deleted from the archive. */
  async planned(id: string, cut: Cut): Promise<RolloutThen | undefined> {
    try {
      const found = await this.find(id, cut, ['plan', 'exec']);
      return found !== undefined && 'state' in found ? found : undefined;
    } catch (error) {
      if (isSluiceError(error, 'PRUNED')) return undefined;
      throw error;
    }
  }

  private async find(
    id: string,
    cut: Cut,
    writers: readonly ('plan' | 'exec' | 'label')[],
  ): Promise<RolloutThen | { readonly beyond: Folded['beyond'] } | undefined> {
    const shard = shardOfId(id);
    if (shard === undefined) return undefined;
    const key = `${id} ${cutInWords(cut)} ${writers.length}`;
    const kept = cut.kind === 'now' ? undefined : this.kept.get(key);
    if (kept !== undefined) return kept;
    const labels = new LabelIndex();
    const streams = writers.map((writer) => ({ shard, writer, id: writer === 'label' ? labelStreamId(id) : id }));
    let state = initialRollout();
    let rev = 0;
    const folded = await foldUpTo(this.parts, { streams, cut }, (commit) => {
      if (isOf(commit, 'plan')) state = evolveCommit(state, commit);
      labels.apply(commit);
      if (!isOf(commit, 'exec')) return;
      state = evolveCommit(state, commit);
      rev = commit.head.rev;
    });
    if (state.plan === undefined) return isOfPlan(folded.beyond) ? { beyond: folded.beyond } : undefined;
    const then = { state, rev, at: atOf(cut, folded), ...labels.of(id) };
    if (isFixed(cut, folded, state, this.parts.clock.now())) this.keep(key, then);
    return then;
  }

  private keep(key: string, then: RolloutThen): void {
    if (then.state.targets.length > LARGE) this.kept.clear();
    this.kept.set(key, then);
  }
}

/** Whether no commit that is yet to come can be in it. */
const isFixed = (cut: Cut, { beyond }: Folded, { status }: RolloutState, now: number): boolean => {
  if (cut.kind !== 'time') return cut.kind === 'position';
  const isOver = beyond?.stream.writer === 'exec' || isTerminal(status);
  return isOver && now - cut.time > ON_THE_WAY_MS;
};

/** A request that was refused is no rollout, at no time. */
const isOfPlan = (commit: RecordedCommit | undefined): boolean =>
  commit !== undefined && commit.events.some(({ type }) => type !== 'RequestRefused');

export const isOf = <W extends Writer>(commit: RecordedCommit, writer: W): commit is RecordedCommit<W> =>
  commit.stream.writer === writer;

/** The log tells of it only behind that moment. */
export function notYet(what: string, cut: Cut, beyond: Folded['beyond']): Error {
  const begins =
    beyond === undefined
      ? ''
      : `: it begins at ${new Date(beyond.head.at).toISOString()} (@${beyond.head.position}); ask for a later moment`;
  return refuse('NOT_YET', `there was no ${what} at ${cutInWords(cut)}${begins}`);
}
