import {
  type EventToAppend,
  type GroupEvent,
  groupStreamId,
  hashOf,
  type Plan,
  type PlanEvent,
  type PlanTarget,
  type RolloutEvent,
  type StreamName,
} from '@sluice/contracts';

import type { Complain } from './complain.js';
import { hasBraked } from './brakes.js';
import { applyRollout } from './course.js';
import { applyGroup, type GroupModel, loseTrack, newGroup } from './group-model.js';
import { Replay } from './replay.js';
import { planRollback } from './rollbacks.js';
import { modelOf, type RolloutModel } from './rollout-model.js';
import type { Appended } from './seen.js';
import { mayDrive, rampGoesOn, sayerOf, seesVariable } from './ramps.js';
import { hasGivenBack } from './shifts.js';
import { Fleets } from './variables/fleets.js';

export interface Violation {
  readonly invariant: string;
  readonly what: string;
  readonly event: string;
  readonly position: number;
  /** Of the event in its commit, from 0; of the last one where the commit as a whole is meant. */
  readonly index: number;
}

/** Asked about each event of a rollout before it is applied: somebody who knows more than the log. */
export type Witness = (model: RolloutModel, event: RolloutEvent, complain: Complain) => void;

const MAX_KEPT = 20;
/** Commands of one stream that are remembered, to see that none has its effect twice. */
const MAX_COMMANDS = 1_000;
/** Up to so many targets the folded state is compared at every commit, above at every hundredth or more seldom. */
const COMPARE_ALWAYS_UP_TO = 200;

/** So that the comparisons of a rollout cost about fifty looks at a target per commit, whatever its size. */
const compareEvery = (targets: number): number =>
  targets <= COMPARE_ALWAYS_UP_TO ? 1 : Math.max(100, Math.floor(targets / 50));

/** Watches the log of a simulated world: asserts the invariants of design 7 after every event. */
export class Invariants {
  readonly violations: Violation[] = [];
  readonly rollouts = new Map<string, RolloutModel>();
  readonly fleets = new Fleets();
  events = 0;
  private readonly groups = new Map<string, GroupModel>();
  private readonly planned = new Map<string, PlanTarget[]>();
  private readonly replays = new Map<string, Replay>();
  private readonly commanded = new Map<string, Map<string, number>>();
  private readonly distrusted = new Set<string>();
  private readonly toBrake = new Set<string>();
  private commits = 0;

  /** `isWhole`: it sees all shards, so that a rollout can be held against a variable of another one. */
  constructor(
    private witness?: Witness,
    private readonly isWhole = true,
  ) {}

  apply({ stream, draft, head }: Appended): void {
    this.commits += 1;
    if (this.isDistrusted(stream)) return;
    let [last, index] = ['', -1];
    const complain: Complain = (invariant, what) => {
      if (this.violations.length < MAX_KEPT)
        this.violations.push({ invariant, what, event: last, position: head.position, index });
    };
    for (const item of draft.events) {
      this.events += 1;
      last = item.event.type;
      index += 1;
      this.once(stream, item, head.position, complain);
      this.one(stream, item, head.at, complain);
    }
    const model = stream.writer === 'exec' ? this.rollouts.get(stream.id) : undefined;
    if (model !== undefined) settled(model, complain);
    if (stream.writer === 'variable') this.fleets.compare(stream.id, draft.events, complain);
    if (stream.writer === 'plan' || stream.writer === 'exec') this.replay(stream, draft.events, head.at, complain);
  }

  /** Its history is not whole: nothing more is said of it, nor of what depends on it. */
  distrust(id: string): void {
    this.distrusted.add(id);
    this.forget(id);
  }

  /** What follows of a group cannot be read: nothing is held against it until it says what it has come to. */
  loseGroup(id: string): void {
    loseTrack(this.group(id));
  }

  /** Variables name their hosts by the numbers of the roster. */
  private isDistrusted({ id, writer }: StreamName): boolean {
    return this.distrusted.has(id) || (writer === 'variable' && this.distrusted.has(this.fleets.rosterOf(id)));
  }

  /** It is over and nobody asks for it any more. */
  forget(id: string): void {
    this.fleets.forget(id);
    for (const map of [this.rollouts, this.planned, this.replays, this.commanded]) map.delete(id);
  }

  /**
   * The log lost its tail: what stands in it now is all there is. When it is noticed, nothing is admitted any more to what
   * was open before it is braked with that cause (C16).
   */
  rewind(kept: readonly Appended[], noticed: boolean): void {
    const { events, violations } = this;
    const found = violations.length;
    for (const map of [this.rollouts, this.groups, this.planned, this.replays, this.commanded]) map.clear();
    this.fleets.clear();
    const witness = this.witness;
    this.witness = undefined;
    for (const appended of kept) this.apply(appended);
    this.witness = witness;
    this.events = events;
    violations.length = Math.min(violations.length, found);
    for (const { id, status, brake } of noticed ? this.rollouts.values() : [])
      if (!['ended', 'failed', 'settling'].includes(status) && brake !== 'log') this.toBrake.add(id);
  }

  /** Whether the rollout still waits for the brake of a loss. */
  isToBrake(id: string): boolean {
    return this.toBrake.has(id);
  }

  group(shardAndName: string): GroupModel {
    const known = this.groups.get(shardAndName) ?? newGroup();
    this.groups.set(shardAndName, known);
    return known;
  }

  /** A command that is said twice has one effect, whoever was killed in between. */
  private once({ id }: StreamName, { event, meta }: EventToAppend, position: number, complain: Complain): void {
    if (meta.by.kind !== 'user' || !meta.cause.startsWith('command:')) return;
    const said = this.commanded.get(id) ?? new Map<string, number>();
    this.commanded.set(id, said);
    const first = said.get(meta.cause) ?? position;
    said.set(meta.cause, first);
    const [oldest = ''] = said.keys();
    if (said.size > MAX_COMMANDS) said.delete(oldest);
    if (first !== position)
      complain('I11', `${meta.cause} had its effect at position ${first}, and ${event.type} once more`);
  }

  private one(stream: StreamName, item: EventToAppend, at: number, complain: Complain): void {
    switch (stream.writer) {
      case 'plan':
        return this.plan(stream.id, item.event as PlanEvent, complain);
      case 'variable':
        return this.value(stream.id, item, at, complain);
      case 'group':
        return applyGroup(this.group(stream.id), item.event as GroupEvent, at, complain);
      case 'exec':
        return this.course(stream.id, item, at, complain);
      default:
    }
  }

  private course(id: string, { event: each, meta }: EventToAppend, at: number, complain: Complain): void {
    const model = this.rollouts.get(id);
    if (model === undefined) return complain('I5', `${id} has an event but no sealed plan`);
    const event = each as RolloutEvent;
    this.holdsLease(model, event, complain);
    this.brakesAfterLoss(id, event, complain);
    this.spares(model, event, at, complain);
    if (this.isWhole) seesVariable(model, event, { fleets: this.fleets, at }, complain);
    this.witness?.(model, event, complain);
    const isOver = model.status === 'ended';
    applyRollout(model, event, { meta, at }, complain);
    if (isOver && (model.status !== 'ended' || ENDS.has(event.type)))
      complain('TERMINAL', `${event.type} behind the end of the rollout`);
  }

  private value(id: string, item: EventToAppend, at: number, complain: Complain): void {
    const driver = this.isWhole ? this.rollouts.get(sayerOf(item) ?? '') : undefined;
    if (driver !== undefined) mayDrive(driver, item, at, complain);
    this.fleets.apply(id, item, at, complain);
  }

  private brakesAfterLoss(id: string, event: RolloutEvent, complain: Complain): void {
    if (event.type === 'RolloutBraked' && event.cause.kind === 'log') this.toBrake.delete(id);
    if (event.type === 'TargetsAdmitted' && this.toBrake.has(id))
      complain('C16', `targets were admitted to ${id}, which was open when the log lost its tail, before its brake`);
  }

  /** I7: a host that was excluded before gets no command, whenever its rollout was planned. */
  private spares({ plan, targets }: RolloutModel, event: RolloutEvent, at: number, complain: Complain): void {
    if (event.type !== 'TargetsAdmitted' || this.distrusted.has(groupStreamId(plan.group))) return;
    const { excluded, isKnown } = this.group(groupStreamId(plan.group));
    if (!isKnown) return;
    for (const index of event.targets) {
      const host = targets[index]?.host ?? '';
      // In the same moment the one may be decided while the other is on its way.
      if ((excluded.get(host) ?? at) < at) complain('I7', `${host} was admitted though it is excluded`);
    }
  }

  private plan(id: string, event: PlanEvent, complain: Complain): void {
    const targets = this.planned.get(id) ?? [];
    if (event.type === 'PlanTargetsAdded') {
      targets.length = event.from;
      targets.push(...event.targets);
      this.planned.set(id, targets);
    }
    if (event.type !== 'RolloutPlanned') return;
    const { plan, planHash } = event;
    if (planHash !== hashOf(plan)) complain('I13', 'the hash of the plan is not that of the plan');
    if (plan.targetsHash !== hashOf(targets)) complain('I13', 'the hash of the targets is not that of the targets');
    this.budget(plan, complain);
    const hosts = targets.map(({ host }) => host);
    if (new Set(hosts).size !== hosts.length) complain('I2', 'a host is in the plan twice');
    this.takesBack(plan, hosts, complain);
    this.rollouts.set(id, modelOf(plan, planHash, targets));
  }

  private takesBack(plan: Plan, hosts: readonly string[], complain: Complain): void {
    const { strategy, rollbackOf = '' } = plan;
    if (strategy !== 'rollback' || this.distrusted.has(rollbackOf)) return;
    planRollback(plan, hosts, this.rollouts.get(rollbackOf), complain);
  }

  /** A by the letter of design 6.5; a number of batches rounds up, a rollback is two batches. */
  private budget({ budget }: Plan, complain: Complain): void {
    const { members, percent, maxUnavailable: A } = budget;
    const byShare = Math.max(1, Math.floor((members * percent) / 100));
    const byCount = Math.ceil(members / Math.max(1, Math.round(100 / percent)));
    if (A !== byShare && A !== byCount) complain('I1', `A is ${A} for ${percent}% of ${members} members`);
  }

  private holdsLease(model: RolloutModel, event: RolloutEvent, complain: Complain): void {
    if (event.type !== 'RolloutStarted' || this.distrusted.has(groupStreamId(model.plan.group))) return;
    const group = this.group(groupStreamId(model.plan.group));
    if (!group.isKnown) return;
    if (group.active !== model.id) complain('I2', `${model.id} started without the lease`);
    else if (group.token !== event.token)
      complain('I2', `${model.id} started with token ${event.token}, the lease has ${group.token}`);
    for (const { host, where } of model.targets) {
      if (where !== 'excluded' && group.excluded.has(host) && model.plan.strategy === 'rollback')
        complain('I7', `${host} is excluded and in a rollback's plan`);
    }
  }

  private replay(stream: StreamName, events: readonly EventToAppend[], at: number, complain: Complain): void {
    const replay = this.replays.get(stream.id) ?? new Replay();
    this.replays.set(stream.id, replay);
    replay.fold(events, at);
    const model = this.rollouts.get(stream.id);
    if (model === undefined) return;
    const isEnd = events.some(({ event }) => ENDS.has(event.type));
    if (!isEnd && this.commits % compareEvery(model.targets.length) !== 0) return;
    replay.compare(model, complain);
  }
}

const ENDS: ReadonlySet<string> = new Set(['RolloutSucceeded', 'RolloutFailed', 'RolloutCancelled', 'RolloutClosed']);

/** What has to be in the same commit as its cause. */
function settled(model: RolloutModel, complain: Complain): void {
  if (model.targets.length <= COMPARE_ALWAYS_UP_TO) hasBraked(model, complain);
  hasGivenBack(model, complain);
  rampGoesOn(model, complain);
}
