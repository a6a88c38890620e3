import type { EventMeta, GroupEvent, RecordedCommit, StreamHead, StreamName } from '@sluice/contracts';
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
  private durable: GroupState = initialGroup();
  private readonly actor: StreamActor<GroupState, GroupInput, GroupEvent>;

  constructor(
    readonly name: string,
    deps: ActorDeps,
    on: {
      readonly committed: (actor: GroupActor, events: readonly GroupEvent[]) => void;
      /** Its state was read anew: what others said of it came without a commit that was seen. */
      readonly renewed: (actor: GroupActor) => void;
    },
  ) {
    const stream = groupStream(name);
    this.actor = new StreamActor<GroupState, GroupInput, GroupEvent>(stream, {
      state: initialGroup(),
      behaviour: { decide: decideGroup, evolve: evolveGroup },
      deps,
      hooks: {
        committed: (events) => {
          this.remember(events.map(({ meta }) => meta));
          const said = events.map(({ event }) => event);
          this.durable = said.reduce(evolveGroup, this.durable);
          on.committed(this, said);
        },
        knows: (cause) => this.commands.has(cause),
        renewed: () => {
          this.durable = this.actor.state;
          on.renewed(this);
        },
        reload: () => readGroup(deps.log, stream, (metas) => this.remember(metas)),
      },
    });
  }

  /** What the log says: a lease that is decided and not durable may never come to be, and nobody starts with it. */
  get state(): GroupState {
    return this.durable;
  }

  /** True when the rollout has the lease or waits for it, or will as soon as what is decided is durable. */
  speaksOf(rolloutId: string): boolean {
    return [this.durable, this.actor.state].some(
      ({ active, waiting }) => active === rolloutId || waiting?.rolloutId === rolloutId,
    );
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
    if (!this.actor.observe(commit)) return false;
    this.durable = this.actor.state;
    return true;
  }

  /** Reads what another owner wrote while a turn of ours was under way. */
  catchUp(): void {
    this.actor.catchUp();
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
