/**
 * One aggregate's behaviour. Both functions are pure of I/O, time and chance: time comes in as `now` and `at`
 * (milliseconds since the epoch), ids come in as data.
 */
export interface Decider<State, Input, Event> {
  readonly initialState: () => State;
  /** What follows from the input. Throws a SluiceError when the input is refused; an empty list means nothing to do. */
  readonly decide: (state: State, input: Input, now: number) => readonly Event[];
  /** Folds one event. May update and return the state that it was given: the caller owns it. */
  readonly evolve: (state: State, event: Event, at: number) => State;
}
