import type { DomainEvent, EventMeta, EventToAppend, StreamHead } from '@sluice/contracts';
import type { EventLog } from '@sluice/event-log';
import type { Clock } from '@sluice/kernel';

import type { EngineLogger } from '../ports.js';

/** The behaviour that an actor drives; `course` yields the input that makes the aggregate go on by itself. */
export interface Behaviour<State, Input, Event extends DomainEvent> {
  readonly decide: (state: State, input: Input, now: number) => readonly Event[];
  readonly evolve: (state: State, event: Event, at: number) => State;
  readonly course?: Input;
  /** Who decided an event that the course brought; the executor unless a policy did. */
  readonly courseMeta?: (event: Event, meta: EventMeta) => EventMeta;
}

export interface ActorDeps {
  readonly log: EventLog;
  readonly clock: Clock;
  readonly newId: () => string;
  readonly logger: EngineLogger;
}

/** What an input came to: durable when the promise resolves. No events = it was known or nothing followed. */
export interface Outcome<Event> {
  readonly events: readonly Event[];
  readonly rev: number;
}

export interface ActorHooks<State, Event> {
  /**
   * After each commit, in order: the place for effects. While `settled` is false the state holds more than the log
   * does, so only what the events themselves say may be done.
   */
  readonly committed: (events: readonly EventToAppend<Event>[], settled: boolean) => void;
  /** True when events of that command are in the log. */
  readonly knows: (cause: string) => boolean;
  /** The state was read anew: another owner has written, or a commit of ours has failed. */
  readonly renewed: () => void;
  /** Reads the aggregate anew from the log. */
  readonly reload: () => Promise<{ readonly state: State; readonly head: StreamHead }>;
}

export interface ActorParts<State, Input, Event extends DomainEvent> {
  readonly state: State;
  readonly behaviour: Behaviour<State, Input, Event>;
  readonly deps: ActorDeps;
  readonly hooks: ActorHooks<State, Event>;
}

/** An input in the queue of its aggregate. */
export interface Waiting<Input, Event> {
  readonly input: Input;
  readonly meta: EventMeta;
  readonly expectedRev: number | undefined;
  readonly resolve: (outcome: Outcome<Event>) => void;
  readonly reject: (error: unknown) => void;
}

/** What a turn decided. */
export interface Batch<Input, Event> {
  readonly commits: EventToAppend<Event>[][];
  /** After which commit (index + 1; 0 = none) each input is answered. */
  readonly answers: {
    readonly waiting: Waiting<Input, Event>;
    readonly events: readonly Event[];
    readonly after: number;
    readonly refusal?: unknown;
  }[];
}
