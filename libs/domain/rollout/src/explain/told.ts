import type { BrakeCause, Explanation, PlanEvent, RolloutEvent, Term } from '@sluice/contracts';
import type { Actor } from '@sluice/kernel';

import { brakeLimit, serving, targetsLeft, unavailable, writtenOff } from '../budget.js';
import { attemptOf } from '../evolve/targets.js';
import {
  type FailedGate,
  type OpenAttempt,
  planOf,
  type RolloutState,
  type RolloutStatus,
  type Wait,
} from '../state.js';

/** The numbers of a rollout before an event: the state itself is updated in place. */
export interface Sight {
  readonly status: RolloutStatus;
  readonly lost: number;
  readonly writtenOff: number;
  readonly unavailable: number;
  readonly serving: number;
  readonly members: number;
  readonly maxUnavailable: number;
  readonly failureLimit: number;
  readonly limit: number;
  readonly extraFailures: number;
  readonly left: number;
  readonly canariesFailed: number;
  readonly inStep: number;
  readonly wait: Wait | undefined;
  readonly brake: BrakeCause | undefined;
  readonly failedGate: FailedGate | undefined;
  readonly proceeded: boolean;
  readonly passed: number;
  readonly weight: number;
  /** The attempt that the event is about. */
  readonly attempt: OpenAttempt | undefined;
  /** Targets of an admission that served until then. */
  readonly fresh: number;
}

/** An event with the numbers before it and the state behind it. */
export interface Told<E> {
  readonly event: E;
  readonly before: Sight;
  readonly state: RolloutState;
  readonly at: number;
  readonly by: Actor;
}

export type ToldEvent = PlanEvent | RolloutEvent;
export type Of<T extends ToldEvent['type']> = Extract<ToldEvent, { readonly type: T }>;

export function sightOf(state: RolloutState, event: RolloutEvent): Sight {
  const { traffic } = state;
  const shift = planOf(state).traffic;
  return {
    status: state.status,
    lost: state.lostCount,
    writtenOff: writtenOff(state),
    unavailable: unavailable(state),
    serving: serving(state),
    members: state.members,
    maxUnavailable: state.maxUnavailable,
    failureLimit: state.failureLimit,
    limit: brakeLimit(state),
    extraFailures: state.extraFailures,
    left: targetsLeft(state),
    canariesFailed: state.canariesFailed,
    inStep: state.open.size,
    wait: state.wait,
    brake: state.brake,
    failedGate: state.stage.failedGate,
    proceeded: state.stage.proceeded,
    passed: state.stage.passed.size,
    weight: shift === undefined ? 0 : (traffic?.weights?.[shift.newSide] ?? 0),
    attempt: 'target' in event ? attemptOf(state, event.target) : undefined,
    fresh: event.type === 'TargetsAdmitted' ? event.targets.filter((target) => state.out[target] !== 1).length : 0,
  };
}

/** Hosts that an explanation names at most. */
const MAX_NAMED = 5;

export const hostAt = (state: RolloutState, target: number): string =>
  state.targets[target]?.host ?? `target ${target + 1}`;

export function hostsAt(state: RolloutState, targets: readonly number[]): string {
  const named = targets.slice(0, MAX_NAMED).map((target) => hostAt(state, target));
  const more = targets.length - named.length;
  return `${named.join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
}

/** A term that may go down: its sign is in the words, not in the number. */
export const change = (name: string, by: number): Term =>
  by < 0 ? { name, value: -by, minus: true } : { name, value: by };

export const because = (reason: string | undefined): Pick<Explanation, 'reason'> =>
  reason === undefined || reason === '' ? {} : { reason };

export const doubted = (doubt: string | undefined): Pick<Explanation, 'doubt'> =>
  doubt === undefined ? {} : { doubt };

/** How recorded numbers differ from those that the log before them makes. */
export function differing(
  recorded: Readonly<Record<string, number>>,
  made: Readonly<Record<string, number>>,
): string | undefined {
  const names = new Set([...Object.keys(recorded), ...Object.keys(made)]);
  const wrong = [...names].filter((name) => recorded[name] !== made[name]);
  if (wrong.length === 0) return undefined;
  return wrong
    .map(
      (name) =>
        `recorded is ${name} ${recorded[name] ?? 'nothing'}, the log before it makes ${made[name] ?? 'nothing'}`,
    )
    .join('; ');
}

export const plural = (count: number, noun: string): string => `${count} ${noun}${count === 1 ? '' : 's'}`;
