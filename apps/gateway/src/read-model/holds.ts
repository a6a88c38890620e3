import { HOLD_STREAM, type HoldScope, type RecordedCommit } from '@sluice/contracts';
import { evolveHolds, initialHolds } from '@sluice/hold';
import type { Actor } from '@sluice/kernel';

import type { LogReader } from './rollout-loader.js';

/** A hold that is placed and not lifted. */
export interface HoldView {
  readonly name: string;
  readonly scope: HoldScope;
  readonly reason: string;
  readonly by: Actor;
  /** When it was placed, ms since the epoch. */
  readonly at: number;
}

const NOBODY: Actor = { id: 'unknown', kind: 'service' };

interface Holds {
  readonly rev: number;
  readonly items: readonly HoldView[];
}

/** The legal holds, read from the log whenever somebody asks: they are few, and what is answered is what holds. */
export async function holdsIn(log: LogReader): Promise<Holds> {
  const commits: RecordedCommit<'hold'>[] = [];
  for await (const commit of log.read(HOLD_STREAM)) commits.push(commit);
  return holdsOf(commits);
}

/** What these commits say that holds. */
export function holdsOf(commits: readonly RecordedCommit<'hold'>[]): Holds {
  const placed = new Map<string, Pick<HoldView, 'by' | 'at'>>();
  let state = initialHolds();
  for (const { events, meta, head } of commits)
    for (const [i, event] of events.entries()) {
      state = evolveHolds(state, event);
      if (event.type === 'HoldPlaced') placed.set(event.hold, { by: meta[i]?.by ?? NOBODY, at: head.at });
    }
  const items = [...state.values()].map(({ hold, scope, reason }): HoldView => {
    const { by, at } = placed.get(hold) ?? { by: NOBODY, at: 0 };
    return { name: hold, scope, reason, by, at };
  });
  return { rev: commits.at(-1)?.head.rev ?? 0, items };
}
