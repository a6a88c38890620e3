import type { FreezeScope, RecordedCommit } from '@sluice/contracts';
import { evolveFreezes, type FreezesState, holdsAt, initialFreezes } from '@sluice/freeze';
import type { Actor, Clock } from '@sluice/kernel';

/** A freeze that is declared and not over. Times are ms since the epoch. */
export interface FreezeView {
  readonly id: string;
  readonly scope: FreezeScope;
  readonly from: number;
  readonly until: number;
  /** False while it has not begun. */
  readonly holds: boolean;
  readonly reason: string;
  readonly by: Actor;
}

/** The freezes that the log has told of. */
export class FreezeIndex {
  private state: FreezesState = initialFreezes();
  private readonly declaredBy = new Map<string, Actor>();
  private rev = 0;

  constructor(private readonly clock: Clock) {}

  forgetAll(): void {
    this.state = initialFreezes();
    this.declaredBy.clear();
    this.rev = 0;
  }

  apply(commit: RecordedCommit): void {
    if (!isFreeze(commit) || commit.head.rev <= this.rev) return;
    commit.events.forEach((event, index) => {
      this.state = evolveFreezes(this.state, event);
      const by = commit.meta[index]?.by;
      if (event.type === 'FreezeLifted') this.declaredBy.delete(event.freeze);
      else if (by !== undefined) this.declaredBy.set(event.freeze, by);
    });
    this.rev = commit.head.rev;
  }

  /** Those that end first stand first. */
  list(): { readonly rev: number; readonly items: readonly FreezeView[] } {
    const now = this.clock.now();
    const items = [...this.state.values()]
      .filter(({ until }) => until > now)
      .toSorted((a, b) => a.until - b.until || (a.freeze < b.freeze ? -1 : 1))
      .map((each) => ({
        id: each.freeze,
        scope: each.scope,
        from: each.from,
        until: each.until,
        holds: holdsAt(each, now),
        reason: each.reason,
        by: this.declaredBy.get(each.freeze) ?? { id: 'unknown', kind: 'service' as const },
      }));
    return { rev: this.rev, items };
  }
}

const isFreeze = (commit: RecordedCommit): commit is RecordedCommit<'freeze'> => commit.stream.writer === 'freeze';
