import type { EventMeta, EventToAppend, GroupEvent, RecordedCommit, StreamHead, StreamName } from '@sluice/contracts';
import { EMPTY_HEAD, groupStreamId, shardOfGroup } from '@sluice/contracts';
import type { EventLog } from '@sluice/event-log';
import { decideGroup, evolveGroup, type GroupInput, type GroupState, initialGroup } from '@sluice/group';

import type { ActorDeps } from './actor-parts.js';
import { CommandMemory } from './rollout-actor.js';
import { StreamActor } from './stream-actor.js';

export const groupStream = (group: string): StreamName & { readonly writer: 'group' } => ({
  shard: shardOfGroup(group),
  writer: 'group',
  id: groupStreamId(group),
});

/** One group: its lease, exclusions, blocked versions and history. */
export class GroupActor {
  readonly commands = new CommandMemory();
  private waiting = 0;
  private readonly actor: StreamActor<GroupState, GroupInput, GroupEvent>;

  constructor(
    readonly name: string,
    deps: ActorDeps,
    onCommitted: (actor: GroupActor, events: readonly EventToAppend<GroupEvent>[]) => void,
  ) {
    const stream = groupStream(name);
    this.actor = new StreamActor<GroupState, GroupInput, GroupEvent>(stream, {
      state: initialGroup(),
      behaviour: { decide: decideGroup, evolve: evolveGroup },
      deps,
      hooks: {
        committed: (events) => {
          this.remember(events.map(({ meta }) => meta));
          onCommitted(this, events);
        },
        knows: (cause) => this.commands.has(cause),
        renewed: () => undefined,
        reload: () => readGroup(deps.log, stream, (metas) => this.remember(metas)),
      },
    });
  }

  get state(): GroupState {
    return this.actor.state;
  }

  get rev(): number {
    return this.actor.rev;
  }

  /** Nothing was ever said of it that holds, and nothing is being said now. */
  get isNobody(): boolean {
    return this.rev === 0 && this.waiting === 0;
  }

  submit(
    input: GroupInput,
    meta: EventMeta,
    expectedRev?: number,
  ): ReturnType<StreamActor<GroupState, GroupInput, GroupEvent>['submit']> {
    this.waiting += 1;
    return this.actor.submit(input, meta, expectedRev).finally(() => (this.waiting -= 1));
  }

  observe(commit: RecordedCommit<'group'>): boolean {
    this.remember(commit.meta);
    return this.actor.observe(commit);
  }

  /** Resolves when what is under way has ended. */
  stop(): Promise<void> {
    this.actor.stop();
    return this.actor.atRest();
  }

  private remember(metas: readonly EventMeta[]): void {
    for (const meta of metas) if (meta.cause.startsWith('command:')) this.commands.add(meta.cause);
  }
}

async function readGroup(
  log: EventLog,
  stream: StreamName & { readonly writer: 'group' },
  onMeta: (metas: readonly EventMeta[]) => void,
): Promise<{ readonly state: GroupState; readonly head: StreamHead }> {
  let state = initialGroup();
  let head = EMPTY_HEAD;
  for await (const commit of log.read(stream)) {
    for (const event of commit.events) state = evolveGroup(state, event);
    onMeta(commit.meta);
    head = commit.head;
  }
  return { state, head };
}
