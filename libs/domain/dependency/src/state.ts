import type { DependencyEvent, ForcedMode } from '@sluice/contracts';
import { unreachable } from '@sluice/kernel';

export type BreakerState = 'closed' | 'open' | 'halfOpen';

/** What a person said about it. `until`: ms since the epoch. */
export interface Forced {
  readonly mode: ForcedMode;
  readonly until: number;
  readonly reason: string;
}

/** One dependency, folded from its `dependency` stream. */
export interface DependencyState {
  readonly breaker: BreakerState;
  /** Why it is open, in words. */
  readonly words: string;
  /** When the breaker moved last, ms since the epoch; 0 = never. */
  readonly since: number;
  readonly forced: Forced | undefined;
}

export const initialDependency = (): DependencyState => ({
  breaker: 'closed',
  words: '',
  since: 0,
  forced: undefined,
});

/** `at`: the commit's time. */
export function evolveDependency(state: DependencyState, event: DependencyEvent, at: number): DependencyState {
  switch (event.type) {
    case 'DependencyOpened':
      return { ...state, breaker: 'open', words: event.words, since: at };
    case 'DependencyHalfOpened':
      return { ...state, breaker: 'halfOpen', since: at };
    case 'DependencyClosed':
      return { ...state, breaker: 'closed', words: '', since: at };
    case 'DependencyForced': {
      const { mode, until, reason } = event;
      return { ...state, forced: { mode, until, reason } };
    }
    case 'DependencyReleased':
      return { ...state, forced: undefined };
    default:
      return unreachable(event, 'dependency event');
  }
}

/** The forced mode that holds at `now`: one whose time is over holds no longer, whether or not the log says so yet. */
export const forcedAt = ({ forced }: DependencyState, now: number): Forced | undefined =>
  forced !== undefined && now < forced.until ? forced : undefined;

/** Whether calls go through at `now`: `probe` lets the breaker choose the one that does. */
export function passageAt(state: DependencyState, now: number): 'open' | 'closed' | 'probe' {
  const forced = forcedAt(state, now);
  if (forced !== undefined) return forced.mode;
  return state.breaker === 'halfOpen' ? 'probe' : state.breaker;
}
