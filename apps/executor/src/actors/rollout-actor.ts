import type { EventMeta, EventToAppend, PlanEvent, RecordedCommit, RolloutEvent, StreamHead } from '@sluice/contracts';
import { EMPTY_HEAD, shardOfId } from '@sluice/contracts';
import type { EventLog } from '@sluice/event-log';
import { serviceActor, SluiceError } from '@sluice/kernel';
import { decideRollout, evolveRollout, initialRollout, type RolloutInput, type RolloutState } from '@sluice/rollout';

import type { ActorDeps } from './actor-parts.js';
import { StreamActor } from './stream-actor.js';

export const EXECUTOR = serviceActor('executor');

/** Idempotency keys that a rollout or group remembers: a command said twice has one effect. */
const MAX_REMEMBERED_COMMANDS = 256;

/** The ids of the last commands, so that one that is said again is answered and not done again. */
export class CommandMemory {
  private readonly seen = new Set<string>();

  has(id: string): boolean {
    return this.seen.has(id);
  }

  add(id: string): void {
    this.seen.add(id);
    if (this.seen.size <= MAX_REMEMBERED_COMMANDS) return;
    const oldest = this.seen.values().next().value;
    if (oldest !== undefined) this.seen.delete(oldest);
  }
}

export const commandCause = (id: string): string => `command:${id}`;

/** Who set the weights of a shift of traffic last, and the revision at which. */
export interface LastShift {
  readonly by: string;
  readonly rev: number;
}

/** One rollout: its state from the plan and exec streams, its queue, and the commands that it has seen. */
export class RolloutActor {
  readonly commands = new CommandMemory();
  private shift: LastShift | undefined;
  private readonly actor: StreamActor<RolloutState, RolloutInput, RolloutEvent>;

  constructor(
    readonly id: string,
    deps: ActorDeps,
    on: {
      readonly committed: (
        actor: RolloutActor,
        events: readonly EventToAppend<RolloutEvent>[],
        settled: boolean,
      ) => void;
      readonly renewed: (actor: RolloutActor) => void;
    },
  ) {
    const shard = shardOfId(id);
    if (shard === undefined) throw new SluiceError('BAD_ROLLOUT_ID', `"${id.slice(0, 60)}" is no rollout id`);
    this.actor = new StreamActor<RolloutState, RolloutInput, RolloutEvent>(
      { shard, writer: 'exec', id },
      {
        state: initialRollout(),
        behaviour: {
          decide: decideRollout,
          evolve: evolveRollout,
          course: { type: 'advance' },
          courseMeta: metaOfCourse,
        },
        deps,
        hooks: {
          committed: (events, settled) => {
            const metas = events.map(({ meta }) => meta);
            this.remember(metas);
            // Rollouts over hosts have hundreds of events to a commit, and no weights.
            if (this.state.traffic !== undefined) this.noteShift(metas, eventsOf(events), this.rev);
            on.committed(this, events, settled);
          },
          knows: (cause) => this.commands.has(cause),
          renewed: () => on.renewed(this),
          reload: () =>
            readRollout(deps.log, id, ({ meta, events, head }) => {
              this.remember(meta);
              this.noteShift(meta, events, head.rev);
            }),
        },
      },
    );
  }

  get state(): RolloutState {
    return this.actor.state;
  }

  get decidedAt(): number {
    return this.actor.decidedAt;
  }

  get rev(): number {
    return this.actor.rev;
  }

  /** How often its state was moved by what another owner wrote, or read anew. */
  get readings(): number {
    return this.actor.readings;
  }

  get isStale(): boolean {
    return this.actor.isStale;
  }

  /** The deploy request that all of it answers. */
  get corr(): string {
    return this.state.plan?.requestId ?? this.id;
  }

  submit(
    input: RolloutInput,
    by: EventMeta['by'],
    cause: string,
    expectedRev?: number,
  ): ReturnType<StreamActor<RolloutState, RolloutInput, RolloutEvent>['submit']> {
    return this.actor.submit(input, { by, cause, corr: this.corr }, expectedRev);
  }

  /** Reads an ended rollout from the log, so that a command can still reach it. */
  async load(): Promise<void> {
    await this.actor.load();
  }

  /** A plan commit: only before the rollout starts, so it never meets a decision of ours. */
  plan(commit: RecordedCommit<'plan'>): void {
    if (this.state.status !== 'unplanned') return;
    for (const event of commit.events) evolveRollout(this.state, event, commit.head.at);
  }

  /** An exec commit as the log shows it. True when it was news. */
  observe(commit: RecordedCommit<'exec'>): boolean {
    this.remember(commit.meta);
    if (!this.actor.observe(commit)) return false;
    this.noteShift(commit.meta, commit.events, commit.head.rev);
    return true;
  }

  /** The log is known to hold more than the state does: the next turn reads it. */
  doubt(): void {
    this.actor.doubt();
  }

  /** Resolves when what is under way has ended. */
  stop(): Promise<void> {
    this.actor.stop();
    return this.atRest();
  }

  /** Resolves when no input is being decided. */
  atRest(): Promise<void> {
    return this.actor.atRest();
  }

  /** Undefined until weights are set. It is of the log, and never ahead of the state. */
  get lastShift(): LastShift | undefined {
    return this.shift;
  }

  /** True while the state holds what is not in the log yet. */
  get isAhead(): boolean {
    return this.actor.isAhead;
  }

  /** True while inputs are decided and committed: the state may be ahead of the log. */
  get isBusy(): boolean {
    return this.actor.isBusy;
  }

  private noteShift(metas: readonly EventMeta[], events: readonly RolloutEvent[], rev: number): void {
    const at = events.findLastIndex(({ type }) => type === 'WeightSet');
    if (at >= 0) this.shift = { by: metas[at]?.by.id ?? EXECUTOR.id, rev };
  }

  private remember(metas: readonly EventMeta[]): void {
    let last: EventMeta | undefined;
    for (const meta of metas) {
      // Events of one input share what they say of it.
      if (meta !== last && meta.cause.startsWith('command:')) this.commands.add(meta.cause);
      last = meta;
    }
  }
}

/** What the course of a rollout brings is the executor's decision, unless the plan's policy decided it. */
function metaOfCourse(event: RolloutEvent, meta: EventMeta): EventMeta {
  if (event.type === 'ApprovalGranted') return { ...meta, by: { id: 'plan', kind: 'policy' } };
  return meta.by.id === EXECUTOR.id ? meta : { ...meta, by: EXECUTOR };
}

const eventsOf = (events: readonly EventToAppend<RolloutEvent>[]): readonly RolloutEvent[] =>
  events.map(({ event }) => event);

/** A rollout's state from the log alone: its plan stream, then its exec stream. */
export async function readRollout(
  log: EventLog,
  id: string,
  onCommit: (commit: RecordedCommit<'exec'>) => void = () => undefined,
): Promise<{ readonly state: RolloutState; readonly head: StreamHead }> {
  const shard = shardOfId(id);
  if (shard === undefined) throw new SluiceError('BAD_ROLLOUT_ID', `"${id.slice(0, 60)}" is no rollout id`);
  const state = initialRollout();
  const fold = (events: readonly (PlanEvent | RolloutEvent)[], at: number): void => {
    for (const event of events) evolveRollout(state, event, at);
  };
  for await (const commit of log.read({ shard, writer: 'plan', id })) fold(commit.events, commit.head.at);
  let head = EMPTY_HEAD;
  for await (const commit of log.read({ shard, writer: 'exec', id })) {
    fold(commit.events, commit.head.at);
    onCommit(commit);
    head = commit.head;
  }
  return { state, head };
}
