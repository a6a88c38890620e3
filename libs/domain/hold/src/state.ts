import type { HoldEvent, HoldScope } from '@sluice/contracts';
import { unreachable } from '@sluice/kernel';

/** A legal hold: what it covers is not deleted, whatever its age. */
export interface Hold {
  readonly hold: string;
  readonly scope: HoldScope;
  readonly reason: string;
}

/** Those that were placed and not lifted, folded from the `hold` stream. */
export type HoldsState = ReadonlyMap<string, Hold>;

export const initialHolds = (): HoldsState => new Map();

export function evolveHolds(state: HoldsState, event: HoldEvent): HoldsState {
  const next = new Map(state);
  switch (event.type) {
    case 'HoldPlaced': {
      const { hold, scope, reason } = event;
      return next.set(hold, { hold, scope, reason });
    }
    case 'HoldLifted':
      next.delete(event.hold);
      return next;
    default:
      return unreachable(event, 'hold event');
  }
}

/** What may be deleted: what is known of it. Times are ms since the epoch, of its first and its last commit. */
export interface HeldSubject {
  readonly id: string;
  /** Absent when it is not known: then a hold on any group, or any app, covers it. */
  readonly group?: string;
  readonly app?: string;
  readonly from: number;
  readonly to: number;
}

/** The holds that cover it. What nobody knows the group or app of is covered by all of that kind. */
export const holdsOn = (state: HoldsState, subject: HeldSubject): readonly Hold[] =>
  [...state.values()].filter(({ scope }) => covers(scope, subject));

function covers(scope: HoldScope, { id, group, app, from, to }: HeldSubject): boolean {
  switch (scope.kind) {
    case 'all':
      return true;
    case 'rollout':
      return scope.name === id;
    case 'group':
      return group === undefined || scope.name === group;
    case 'app':
      return app === undefined || scope.name === app;
    case 'period':
      return from < scope.until && to >= scope.from;
    default:
      return unreachable(scope, 'scope of a hold');
  }
}

/** `group shop-prod: case 7`. */
export const holdWords = ({ scope, reason }: Hold): string => `${scopeWords(scope)}: ${reason}`;

function scopeWords(scope: HoldScope): string {
  if (scope.kind === 'all') return 'everything';
  if (scope.kind !== 'period') return `${scope.kind} ${scope.name}`;
  return `${new Date(scope.from).toISOString()} to ${new Date(scope.until).toISOString()}`;
}
