import {
  EMPTY_HEAD,
  type EventMeta,
  type EventsOfWriter,
  type RecordedCommit,
  type StreamHead,
  type StreamName,
  type Writer,
} from '@sluice/contracts';
import type { EventLog } from '@sluice/event-log';

import type { ActorDeps, Outcome } from './actor-parts.js';
import { CommandMemory } from './rollout-actor.js';
import { StreamActor } from './stream-actor.js';

export type StreamOf<W extends Writer> = StreamName & { readonly writer: W };

export interface SharedBehaviour<W extends Writer, State, Input> {
  readonly initial: () => State;
  readonly decide: (state: State, input: Input, now: number) => readonly EventsOfWriter[W][];
  readonly evolve: (state: State, event: EventsOfWriter[W], at: number) => State;
}

/**
 * An aggregate of the whole installation (a dependency, the freezes): every executor has one of each, and what they
 * write at once is told apart by the log.
 */
export class SharedActor<W extends Writer, State, Input> {
  readonly commands = new CommandMemory();
  private readonly actor: StreamActor<State, Input, EventsOfWriter[W]>;

  constructor(
    stream: StreamOf<W>,
    behaviour: SharedBehaviour<W, State, Input>,
    deps: ActorDeps,
    onChanged: () => void,
  ) {
    this.actor = new StreamActor<State, Input, EventsOfWriter[W]>(stream, {
      state: behaviour.initial(),
      behaviour,
      deps,
      hooks: {
        committed: (events) => {
          this.remember(events.map(({ meta }) => meta));
          onChanged();
        },
        knows: (cause) => this.commands.has(cause),
        renewed: onChanged,
        reload: () => this.reload(stream, behaviour, deps.log),
      },
    });
  }

  get state(): State {
    return this.actor.state;
  }

  get rev(): number {
    return this.actor.rev;
  }

  submit(input: Input, meta: EventMeta, expectedRev?: number): Promise<Outcome<EventsOfWriter[W]>> {
    return this.actor.submit(input, meta, expectedRev);
  }

  /** A commit of its stream that was followed; true when it was news. */
  observe(commit: RecordedCommit<W>): boolean {
    this.remember(commit.meta);
    const isNews = this.actor.observe(commit);
    this.actor.catchUp();
    return isNews;
  }

  stop(): void {
    this.actor.stop();
  }

  private remember(metas: readonly EventMeta[]): void {
    for (const { cause } of metas) if (cause.startsWith('command:')) this.commands.add(cause);
  }

  private async reload(
    stream: StreamOf<W>,
    { initial, evolve }: SharedBehaviour<W, State, Input>,
    log: EventLog,
  ): Promise<{ readonly state: State; readonly head: StreamHead }> {
    let state = initial();
    let head = EMPTY_HEAD;
    for await (const commit of log.read(stream)) {
      for (const event of commit.events) state = evolve(state, event, commit.head.at);
      this.remember(commit.meta);
      head = commit.head;
    }
    return { state, head };
  }
}
