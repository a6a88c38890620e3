import type { FreezeEvent, FreezeScope } from '@sluice/contracts';
import { unreachable } from '@sluice/kernel';

/** One freeze. Times are ms since the epoch; it holds from `from` until `until`. */
export interface Freeze {
  readonly freeze: string;
  readonly scope: FreezeScope;
  readonly from: number;
  readonly until: number;
  readonly reason: string;
}

/** All freezes that were neither lifted nor told as over, folded from the `freeze` stream. */
export type FreezesState = ReadonlyMap<string, Freeze>;

export const initialFreezes = (): FreezesState => new Map();

export function evolveFreezes(state: FreezesState, event: FreezeEvent): FreezesState {
  const next = new Map(state);
  switch (event.type) {
    case 'FreezeDeclared': {
      const { freeze, scope, from, until, reason } = event;
      return next.set(freeze, { freeze, scope, from, until, reason });
    }
    case 'FreezeLifted':
      next.delete(event.freeze);
      return next;
    default:
      return unreachable(event, 'freeze event');
  }
}

/** Where a rollout belongs. `fleet`: of a ramp, whose hosts are frozen with the group of the fleet's name, too. */
export interface FrozenSubject {
  readonly environment: string;
  readonly app: string;
  readonly group: string;
  readonly fleet?: string;
}

/** The freezes that hold for it at `now`, the one that ends last first. One whose time is over holds no longer, whether or not the log says so. */
export function heldAt(state: FreezesState, subject: FrozenSubject, now: number): readonly Freeze[] {
  const held = [...state.values()].filter((each) => holdsAt(each, now) && covers(each.scope, subject));
  return held.toSorted((a, b) => b.until - a.until || (a.freeze < b.freeze ? -1 : 1));
}

export const holdsAt = ({ from, until }: Freeze, now: number): boolean => from <= now && now < until;

const covers = (scope: FreezeScope, subject: FrozenSubject): boolean =>
  scope.kind === 'all' ||
  subject[scope.kind] === scope.name ||
  (scope.kind === 'group' && subject.fleet === scope.name);

/** When the next freeze begins or ends after `now`; undefined when none does. */
export function nextChange(state: FreezesState, now: number): number | undefined {
  let next: number | undefined;
  for (const { from, until } of state.values())
    for (const at of [from, until]) if (at > now && (next === undefined || at < next)) next = at;
  return next;
}

/** `production is frozen until 2026-12-27T00:00:00.000Z: holidays`. */
export const freezeWords = ({ scope, until, reason }: Freeze): string =>
  `${scopeWords(scope)} is frozen until ${new Date(until).toISOString()}: ${reason}`;

const scopeWords = (scope: FreezeScope): string =>
  scope.kind === 'all' ? 'everything' : scope.kind === 'environment' ? scope.name : `${scope.kind} ${scope.name}`;
