import { deepStrictEqual, fail } from 'node:assert/strict';

import { type Decider, isSluiceError, messageOf, type SluiceError } from '@sluice/kernel';

/** What a decision came to. */
export interface Outcome<State, Event> {
  readonly state: State;
  /** Exactly these events, in this order. */
  then(...events: readonly Event[]): void;
  /** The decider stays quiet. */
  thenNothing(): void;
  /** Refused with that code; the error, for a look at its words. */
  thenRefused(code: string): SluiceError;
}

/** A history to decide on. Nothing that was given is changed: each `when` folds its own state. */
export interface Given<State, Input, Event> {
  /** More history. */
  events(...events: readonly Event[]): Given<State, Input, Event>;
  /** The time of the events that follow, ms since the epoch. */
  at(time: number): Given<State, Input, Event>;
  state(): State;
  when(input: Input, now?: number): Outcome<State, Event>;
}

/** given(decider).events(...).when(input, now).then(...): the three parts of a test of a decider. */
export function given<State, Input, Event>(
  decider: Decider<State, Input, Event>,
  history: readonly (readonly [event: Event, at: number])[] = [],
  time = 0,
): Given<State, Input, Event> {
  const fold = (): State =>
    history.reduce((state, [event, at]) => decider.evolve(state, event, at), decider.initialState());
  return {
    events: (...events) => given(decider, [...history, ...events.map((event) => [event, time] as const)], time),
    at: (later) => given(decider, history, later),
    state: fold,
    when: (input, now = time) => outcome(fold(), () => decider.decide(fold(), input, now)),
  };
}

function outcome<State, Event>(state: State, decide: () => readonly Event[]): Outcome<State, Event> {
  return {
    state,
    then: (...events) => deepStrictEqual(decide(), events),
    thenNothing: () => deepStrictEqual(decide(), []),
    thenRefused: (code) => {
      try {
        fail(`expected ${code}, but it was decided: ${JSON.stringify(decide())}`);
      } catch (error) {
        if (isSluiceError(error)) {
          deepStrictEqual(
            error.code,
            code,
            `expected ${code}, but it was refused as ${error.code}: ${messageOf(error)}`,
          );
          return error;
        }
        throw error;
      }
    },
  };
}
