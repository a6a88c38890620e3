import {
  type EventToAppend,
  type GroupEvent,
  type RolloutEvent,
  type Shard,
  isRolloutId,
  shardOfGroup,
  shardOfId,
} from '@sluice/contracts';
import { SluiceError } from '@sluice/kernel';
import { isTerminal } from '@sluice/rollout';

import type { ActorDeps } from './actor-parts.js';
import { GroupActor } from './group-actor.js';
import { RolloutActor } from './rollout-actor.js';

export interface RegistryHooks {
  readonly rolloutCommitted: (
    actor: RolloutActor,
    events: readonly EventToAppend<RolloutEvent>[],
    settled: boolean,
  ) => void;
  /** Its state was read anew from the log. */
  readonly rolloutRenewed: (actor: RolloutActor) => void;
  readonly groupRenewed: (actor: GroupActor) => void;
  readonly groupCommitted: (actor: GroupActor, events: readonly GroupEvent[]) => void;
  readonly removed: (actor: RolloutActor) => void;
}

/** What this executor holds in memory: every open rollout of its shards, and every group that has had one. */
export class Registry {
  private readonly rollouts = new Map<string, RolloutActor>();
  private readonly groups = new Map<string, GroupActor>();
  private readonly byGroup = new Map<string, Set<RolloutActor>>();

  constructor(
    private readonly deps: ActorDeps,
    private readonly shards: readonly Shard[],
    private readonly hooks: RegistryHooks,
  ) {}

  get size(): number {
    return this.rollouts.size;
  }

  all(): RolloutActor[] {
    return [...this.rollouts.values()];
  }

  allGroups(): GroupActor[] {
    return [...this.groups.values()];
  }

  rollout(id: string): RolloutActor | undefined {
    return this.rollouts.get(id);
  }

  rolloutsOf(group: string): Iterable<RolloutActor> {
    return this.byGroup.get(group) ?? [];
  }

  /** The group with that name; one that nobody has spoken of has a fresh state. */
  group(name: string): GroupActor {
    const known = this.groups.get(name);
    if (known !== undefined) return known;
    const { groupCommitted: committed, groupRenewed: renewed } = this.hooks;
    const actor = new GroupActor(name, this.deps, { committed, renewed });
    this.groups.set(name, actor);
    return actor;
  }

  /** True while no other rollout has been given the group since. */
  isLatest({ state: { plan, token } }: RolloutActor): boolean {
    return plan !== undefined && this.group(plan.group).state.token <= token;
  }

  /** Code NOT_OWNER for a group of another executor's shard. */
  ownGroup(name: string): GroupActor {
    if (!this.shards.includes(shardOfGroup(name))) throw notOwned(name);
    return this.group(name);
  }

  /** A name that somebody made up is not kept. */
  forgetGroup(group: GroupActor): void {
    const isSpokenOf = (this.byGroup.get(group.name)?.size ?? 0) > 0;
    if (group.isNobody && !isSpokenOf && this.groups.get(group.name) === group) this.groups.delete(group.name);
  }

  /** The rollout with that id, made when it is new. */
  open(id: string): RolloutActor {
    const known = this.rollouts.get(id);
    if (known !== undefined) return known;
    const actor = this.newRollout(id);
    this.rollouts.set(id, actor);
    return actor;
  }

  /** Its plan is sealed: from now on its group knows it. */
  planned(actor: RolloutActor, group: string): void {
    const members = this.byGroup.get(group) ?? new Set();
    this.byGroup.set(group, members.add(actor));
  }

  /** An open rollout, or an ended one read from the log. Codes NOT_FOUND, NOT_OWNER. */
  async find(id: string): Promise<RolloutActor> {
    const known = this.rollouts.get(id);
    if (known !== undefined) return known;
    if (!isRolloutId(id)) throw new SluiceError('NOT_FOUND', `"${id.slice(0, 60)}" is no rollout`);
    if (!this.shards.includes(shardOfId(id) ?? '')) throw notOwned(id);
    // Known to others only once it is read: whoever met it before would be answered from an empty state.
    const actor = this.newRollout(id);
    await actor.load();
    if (actor.state.plan === undefined) throw new SluiceError('NOT_FOUND', `there is no rollout ${id}`);
    const meanwhile = this.rollouts.get(id);
    if (meanwhile !== undefined) return meanwhile;
    this.rollouts.set(id, actor);
    return actor;
  }

  /** An ended rollout whose group has let it go leaves the memory; the log keeps it. */
  forget(actor: RolloutActor): void {
    const plan = actor.state.plan;
    if (plan === undefined || !isTerminal(actor.state.status)) return;
    if (!this.group(plan.group).speaksOf(actor.id)) this.remove(actor);
  }

  /** Resolves when what is under way has ended. */
  async stop(): Promise<void> {
    await Promise.all([...this.rollouts.values(), ...this.groups.values()].map((actor) => actor.stop()));
  }

  private newRollout(id: string): RolloutActor {
    const { rolloutCommitted: committed, rolloutRenewed: renewed } = this.hooks;
    return new RolloutActor(id, this.deps, { committed, renewed });
  }

  /** It leaves the memory: it has ended, or will never be planned. */
  remove(actor: RolloutActor): void {
    this.rollouts.delete(actor.id);
    const group = actor.state.plan?.group;
    if (group !== undefined) this.byGroup.get(group)?.delete(actor);
    this.hooks.removed(actor);
  }
}

const notOwned = (what: string): SluiceError =>
  new SluiceError(
    'NOT_OWNER',
    `${what} belongs to a shard that this executor does not own: say it again, its owner will answer`,
  );
