import {
  type DependencyEvent,
  dependencyStreamId,
  EMPTY_HEAD,
  type EventMeta,
  type RecordedCommit,
  shardOfGroup,
  type StreamHead,
  type StreamName,
} from '@sluice/contracts';
import {
  decideDependency,
  type DependencyInput,
  type DependencyState,
  evolveDependency,
  initialDependency,
} from '@sluice/dependency';
import type { EventLog } from '@sluice/event-log';

import type { ActorDeps, Outcome } from '../actors/actor-parts.js';
import { CommandMemory } from '../actors/rollout-actor.js';
import { StreamActor } from '../actors/stream-actor.js';

export const dependencyStream = (name: string): StreamName & { readonly writer: 'dependency' } => ({
  shard: shardOfGroup(name),
  writer: 'dependency',
  id: dependencyStreamId(name),
});

/** One dependency. Every executor has one of each: what they write at once is told apart by the log. */
export class DependencyActor {
  readonly commands = new CommandMemory();
  private readonly actor: StreamActor<DependencyState, DependencyInput, DependencyEvent>;

  constructor(
    readonly name: string,
    deps: ActorDeps,
    onChanged: (actor: DependencyActor) => void,
  ) {
    const stream = dependencyStream(name);
    this.actor = new StreamActor<DependencyState, DependencyInput, DependencyEvent>(stream, {
      state: initialDependency(),
      behaviour: {
        decide: (state, input, now) => decideDependency(name, state, input, now),
        evolve: evolveDependency,
      },
      deps,
      hooks: {
        committed: (events) => {
          this.remember(events.map(({ meta }) => meta));
          onChanged(this);
        },
        knows: (cause) => this.commands.has(cause),
        renewed: () => onChanged(this),
        reload: () => readDependency(deps.log, stream, (metas) => this.remember(metas)),
      },
    });
  }

  get state(): DependencyState {
    return this.actor.state;
  }

  get rev(): number {
    return this.actor.rev;
  }

  submit(input: DependencyInput, meta: EventMeta, expectedRev?: number): Promise<Outcome<DependencyEvent>> {
    return this.actor.submit(input, meta, expectedRev);
  }

  observe(commit: RecordedCommit<'dependency'>): boolean {
    this.remember(commit.meta);
    return this.actor.observe(commit);
  }

  stop(): void {
    this.actor.stop();
  }

  private remember(metas: readonly EventMeta[]): void {
    for (const { cause } of metas) if (cause.startsWith('command:')) this.commands.add(cause);
  }
}

async function readDependency(
  log: EventLog,
  stream: StreamName & { readonly writer: 'dependency' },
  onMeta: (metas: readonly EventMeta[]) => void,
): Promise<{ readonly state: DependencyState; readonly head: StreamHead }> {
  let state = initialDependency();
  let head = EMPTY_HEAD;
  for await (const commit of log.read(stream)) {
    for (const event of commit.events) state = evolveDependency(state, event, commit.head.at);
    onMeta(commit.meta);
    head = commit.head;
  }
  return { state, head };
}
