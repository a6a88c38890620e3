import { decodeToken, type ForcedMode, type RecordedCommit } from '@sluice/contracts';
import {
  type BreakerState,
  type DependencyState,
  evolveDependency,
  forcedAt,
  initialDependency,
  passageAt,
} from '@sluice/dependency';
import type { Actor, Clock } from '@sluice/kernel';

import type { InventoryView } from './inventory-view.js';

/** Something outside that rollouts use: its breaker, and what people force it into. */
export interface DependencyView {
  readonly name: string;
  readonly rev: number;
  /** Whether calls go through now: not (`open`), all (`closed`), or one to see whether it is back (`probe`). */
  readonly passage: 'open' | 'closed' | 'probe';
  readonly breaker: BreakerState;
  /** Why the breaker is open; empty when it is not. */
  readonly words: string;
  /** When the breaker moved last, ms since the epoch; null when it never did. */
  readonly since: number | null;
  readonly forced: {
    readonly mode: ForcedMode;
    readonly until: number;
    readonly reason: string;
    readonly by: Actor;
  } | null;
}

interface Known {
  readonly rev: number;
  readonly state: DependencyState;
  /** Who forced it last. */
  readonly by: Actor | undefined;
}

const UNTOLD: Known = { rev: 0, state: initialDependency(), by: undefined };
/** The planner's, wherever one is configured; balancers are named by the groups behind them. */
const ALWAYS = ['cmdb'] as const;

/** Every dependency that the log has told of, and those that the inventory names. */
export class DependencyIndex {
  private readonly told = new Map<string, Known>();

  constructor(
    private readonly inventory: Pick<InventoryView, 'groupEntries'>,
    private readonly clock: Clock,
  ) {}

  forgetAll(): void {
    this.told.clear();
  }

  apply(commit: RecordedCommit): void {
    if (!isDependency(commit)) return;
    const name = decodeToken(commit.stream.id.slice('d00-'.length));
    const known = this.told.get(name) ?? UNTOLD;
    if (commit.head.rev <= known.rev) return;
    let { state, by } = known;
    commit.events.forEach((event, index) => {
      state = evolveDependency(state, event, commit.head.at);
      if (event.type === 'DependencyForced') by = commit.meta[index]?.by;
    });
    this.told.set(name, { rev: commit.head.rev, state, by });
  }

  /** By name. */
  list(): readonly DependencyView[] {
    const named = this.inventory
      .groupEntries()
      .flatMap(({ balancer }) => (balancer === undefined ? [] : [balancer.name]));
    return [...new Set([...ALWAYS, ...named, ...this.told.keys()])].toSorted().map((name) => this.view(name));
  }

  private view(name: string): DependencyView {
    const { rev, state, by } = this.told.get(name) ?? UNTOLD;
    const now = this.clock.now();
    const forced = forcedAt(state, now);
    return {
      name,
      rev,
      passage: passageAt(state, now),
      breaker: state.breaker,
      words: state.words,
      since: state.since === 0 ? null : state.since,
      forced: forced === undefined || by === undefined ? null : { ...forced, by },
    };
  }
}

const isDependency = (commit: RecordedCommit): commit is RecordedCommit<'dependency'> =>
  commit.stream.writer === 'dependency';
