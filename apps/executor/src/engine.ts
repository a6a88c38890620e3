import {
  type CommandEnvelope,
  type CommandResult,
  decodeToken,
  type EventToAppend,
  type GroupCommand,
  type GroupEvent,
  isRolloutId,
  type RecordedCommit,
  type ReportAnswer,
  type RolloutCommand,
  type RolloutEvent,
  type RunReport,
} from '@sluice/contracts';
import type { Followed } from '@sluice/event-log';
import { type CancelTimer, isSluiceError, messageOf, SluiceError } from '@sluice/kernel';
import { nextDeadline } from '@sluice/rollout';

import type { GroupActor } from './actors/group-actor.js';
import { Registry } from './actors/registry.js';
import { EXECUTOR, type RolloutActor } from './actors/rollout-actor.js';
import { Balancing } from './balancer/balancing.js';
import { NOT_READY } from './course/answers.js';
import { Coordinator } from './course/coordinator.js';
import { Ended } from './course/ended.js';
import { Reports } from './course/reports.js';
import { Said } from './course/said.js';
import { Timers } from './course/timers.js';
import { causeOf, inputOfGate, VerdictBuffer } from './course/verdicts.js';
import { type Work, worksOf } from './course/works.js';
import { Dispatcher } from './fleet/dispatcher.js';
import { Holding } from './freezes/holding.js';
import { MembersSync } from './members/members-sync.js';
import { type EngineLogger, type ExecutorDeps, silentLogger } from './ports.js';
import { LossBrake } from './regression/loss-brake.js';

/** When it is looked once more at a rollout whose turn or reaction failed. */
const AGAIN_MS = 5_000;
/** How long a stop waits for the commits that are under way. */
const STOP_MS = 5_000;

/**
 * The executor (design 5): owns every open rollout of its shards. It folds the log, then goes live: from there on
 * inputs (reports, commands, timers, verdicts) are decided and committed, and effects leave after their commit.
 */
export class ExecutorEngine {
  private readonly registry: Registry;
  private readonly timers: Timers;
  private readonly verdicts = new VerdictBuffer();
  private readonly coordinator: Coordinator;
  private readonly members: MembersSync;
  private readonly reports: Reports;
  private readonly said: Said;
  private readonly dispatcher: Dispatcher;
  private readonly balancing: Balancing;
  private readonly works: readonly Work[];
  private readonly holding: Holding;
  private readonly logger: EngineLogger;
  private readonly aborter = new AbortController();
  /** Rollouts whose rollback was ordered and whose version was not blocked where the log was folded. */
  private readonly unblocked = new Set<string>();
  private live = false;
  /** Up to there the log has been read. */
  private position = 0;
  private following: Promise<unknown> | undefined;
  private readonly lossBrake: LossBrake;
  private readonly endedOnes: Ended;

  constructor(private readonly deps: ExecutorDeps) {
    const { log, clock, newId, agents, shards, logger = silentLogger } = deps;
    this.logger = logger;
    this.timers = new Timers(clock);
    this.dispatcher = new Dispatcher(agents, clock, logger, (report) => this.onReport(report));
    this.balancing = new Balancing(deps.balancers, clock, logger, {
      onAgents: (actor, targets) => this.dispatcher.ensure(actor, targets),
      isLatest: (actor) => this.registry.isLatest(actor),
    });
    this.works = worksOf(deps);
    this.registry = new Registry({ log, clock, newId, logger }, shards, {
      rolloutCommitted: (actor, events, settled) => this.onRolloutCommitted(actor, events, settled),
      rolloutRenewed: (actor) => this.onRenewed(actor),
      groupRenewed: (group) => {
        if (!this.live) return;
        this.coordinator.reactAll(group);
        this.endedOnes.strays(group);
      },
      groupCommitted: (group, events) => this.onGroupEvents(group, events),
      removed: ({ id }) => {
        for (const work of this.works) work.forget(id);
        this.verdicts.take(id);
        for (const timer of [id, againOf(id)]) this.timers.clear(timer);
      },
    });
    this.holding = new Holding(
      deps.freezes,
      () => this.registry.all(),
      (actor, input) => this.tell(actor, input),
    );
    this.lossBrake = new LossBrake(deps.loss);
    this.coordinator = new Coordinator(this.registry, logger, this.lossBrake, (actor) => this.again(actor));
    this.endedOnes = new Ended(this.registry, logger, this.coordinator);
    this.members = new MembersSync(deps.members, clock, logger, this.registry);
    this.said = new Said(this.registry, this.members, logger, () => this.live);
    this.reports = new Reports(log, this.registry, logger, () => this.position);
  }

  /** Resolves when the log has been folded and the engine drives its rollouts. Rejects when the log cannot be followed. */
  async start(): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      this.following = this.follow(resolve).catch((error: unknown) => {
        void this.halt();
        reject(error instanceof Error ? error : new SluiceError('LOG_UNAVAILABLE', String(error)));
        return error;
      });
      void this.following.then(() => reject(new SluiceError('STOPPING', 'this executor was stopped while it started')));
    });
  }

  /** Nothing new is taken or sent; what is under way is not waited for. */
  async stop(): Promise<void> {
    void this.halt();
    await this.following;
  }

  /** Stops, and resolves when what was under way is committed and answered, within a bound. */
  async stopInPeace(): Promise<void> {
    let cancel: CancelTimer = () => undefined;
    const tooLong = new Promise<void>((resolve) => (cancel = this.deps.clock.schedule(STOP_MS, resolve)));
    await Promise.race([Promise.all([this.halt(), this.following]), tooLong]);
    cancel();
  }

  /** After the start: resolves when it has ended, to the fault of the log that ended it. */
  get ended(): Promise<unknown> {
    return Promise.resolve(this.following);
  }

  /** Resolves when every rollout that was open after a loss has its brake in the log; a planned one has it later. */
  get braked(): Promise<void> {
    return this.lossBrake.done;
  }

  /** True when it drives rollouts. */
  get isLive(): boolean {
    return this.live;
  }

  /** An agent's report: ok once it is durable, or known already. */
  onReport(report: RunReport): Promise<ReportAnswer> {
    return this.live ? this.reports.take(report) : Promise.resolve(NOT_READY);
  }

  /** A command to a rollout; ended ones are read from the log. */
  command(envelope: CommandEnvelope<RolloutCommand>): Promise<CommandResult> {
    return this.said.toRollout(envelope);
  }

  groupCommand(envelope: CommandEnvelope<GroupCommand>): Promise<CommandResult> {
    return this.said.toGroup(envelope);
  }

  private async follow(onLive: () => void): Promise<void> {
    const { signal } = this.aborter;
    for await (const item of this.deps.log.follow({
      shards: this.deps.shards,
      writers: ['plan', 'exec', 'group', 'gate'],
      from: 0,
      ...(this.deps.after === undefined ? {} : { after: this.deps.after }),
      signal,
    })) {
      if (item.kind === 'commit') this.deps.saw?.(item.commit.head);
      this.onFollowed(item, onLive);
    }
  }

  private onFollowed(item: Followed, onLive: () => void): void {
    if (item.kind === 'commit') {
      this.position = item.commit.head.position;
      this.onCommit(item.commit);
      return;
    }
    this.position = Math.max(this.position, item.position);
    this.live = true;
    this.logger.info({ position: item.position, open: this.registry.size }, 'the log is folded; driving');
    this.lossBrake.hold(this.registry.all());
    this.holding.start();
    for (const actor of this.registry.all()) this.takeUp(actor);
    for (const group of this.registry.allGroups()) this.endedOnes.strays(group);
    this.verdicts.clear();
    for (const id of this.unblocked) void this.endedOnes.block(id);
    onLive();
  }

  /** What a restart owes an open rollout: exclusions, verdicts, its reactions, its course and its attempts. */
  private takeUp(actor: RolloutActor): void {
    const plan = actor.state.plan;
    if (plan === undefined) return;
    // What is decided first is not admitted by a start.
    this.holding.look(actor);
    const brake = this.lossBrake.inputFor(actor);
    if (brake !== undefined) this.tell(actor, brake);
    this.coordinator.excludeAll(actor, plan);
    for (const judged of this.verdicts.take(actor.id)) this.tell(actor, { type: 'verdict', judged });
    this.tell(actor, { type: 'tick' });
    this.coordinator.react(actor);
    this.dispatcher.resume(actor);
    this.balancing.follow(actor);
    for (const work of this.works) void work.resume(actor);
    this.setTimer(actor);
  }

  private onCommit(commit: RecordedCommit): void {
    const { writer } = commit.stream;
    if (writer === 'plan') this.onPlan(commit as RecordedCommit<'plan'>);
    else if (writer === 'exec') this.onExec(commit as RecordedCommit<'exec'>);
    else if (writer === 'group') this.onGroup(commit as RecordedCommit<'group'>);
    else if (writer === 'gate') this.onGate(commit as RecordedCommit<'gate'>);
  }

  private onPlan(commit: RecordedCommit<'plan'>): void {
    if (!isRolloutId(commit.stream.id)) return;
    const actor = this.registry.open(commit.stream.id);
    actor.plan(commit);
    const plan = actor.state.plan;
    if (plan === undefined) {
      if (commit.events.some(({ type }) => type === 'RequestRefused')) this.registry.remove(actor);
      return;
    }
    this.registry.planned(actor, plan.group);
    if (!this.live) return;
    this.holding.look(actor);
    this.coordinator.react(actor);
  }

  private onExec(commit: RecordedCommit<'exec'>): void {
    const { id } = commit.stream;
    if (!this.live && commit.events.some(({ type }) => type === 'RollbackRequested')) this.unblocked.add(id);
    if (!this.live) for (const event of commit.events) this.verdicts.recorded(id, event);
    const actor = this.registry.rollout(id);
    if (actor === undefined) return;
    const isNews = actor.observe(commit);
    // Its turn reads what another owner wrote.
    if (this.live && actor.isStale) this.tell(actor, { type: 'tick' });
    if (!isNews) return;
    if (this.live) this.onAnothers(actor, commit.events);
    this.registry.forget(actor);
  }

  /** Another owner has driven it. That one may be gone in the next moment, so its waits and attempts are ours too. */
  private onAnothers(actor: RolloutActor, events: readonly RolloutEvent[]): void {
    for (const event of events) if (event.type === 'TargetsAdmitted') this.dispatcher.follow(actor, event.targets);
    this.goOn(actor);
  }

  private onRenewed(actor: RolloutActor): void {
    if (!this.live) return;
    this.dispatcher.resume(actor);
    this.balancing.follow(actor);
    this.goOn(actor);
  }

  /** What its state asks for now. */
  private goOn(actor: RolloutActor): void {
    for (const work of this.works) work.follow(actor);
    this.coordinator.react(actor);
    this.setTimer(actor);
  }

  private onGroup(commit: RecordedCommit<'group'>): void {
    const group = this.registry.group(decodeToken(commit.stream.id.slice('g00-'.length)));
    for (const event of commit.events)
      if (event.type === 'VersionBlocked') this.unblocked.delete(event.rolloutId ?? '');
    if (group.observe(commit)) this.onGroupEvents(group, commit.events);
    if (this.live) group.catchUp();
  }

  private onGate(commit: RecordedCommit<'gate'>): void {
    const { id } = commit.stream;
    const actor = this.registry.rollout(id);
    for (const event of commit.events) {
      const input = inputOfGate(event);
      if (this.live && actor !== undefined && input !== undefined) this.tell(actor, input);
      else if (!this.live && event.type === 'GateJudged') this.verdicts.add(id, event);
    }
  }

  private onRolloutCommitted(
    actor: RolloutActor,
    events: readonly EventToAppend<RolloutEvent>[],
    settled: boolean,
  ): void {
    for (const { event } of events) {
      if (event.type === 'TargetsAdmitted') this.dispatcher.send(actor, event.targets);
      else this.coordinator.onRolloutEvent(actor, event);
    }
    if (!settled) return;
    this.balancing.follow(actor);
    this.goOn(actor);
    this.registry.forget(actor);
  }

  private onGroupEvents(group: GroupActor, events: readonly GroupEvent[]): void {
    for (const event of events) {
      if (this.live) this.coordinator.onGroupEvent(group, event);
      if (event.type !== 'LeaseReleased' && event.type !== 'LeaseDropped') continue;
      const actor = this.registry.rollout(event.rolloutId);
      if (actor !== undefined) this.registry.forget(actor);
    }
    if (this.live) this.endedOnes.strays(group);
  }

  private setTimer(actor: RolloutActor): void {
    if (!this.live) return;
    this.timers.set(actor.id, nextDeadline(actor.state, actor.decidedAt), () => this.tell(actor, { type: 'tick' }));
  }

  /** An input of our own; whoever is told it has nobody to answer to. */
  private tell(actor: RolloutActor, input: Parameters<RolloutActor['submit']>[0]): void {
    actor.submit(input, EXECUTOR, causeOf(input)).then(
      () => {
        if (input.type === 'logRegressed') this.lossBrake.release(actor.id);
        this.setTimer(actor);
      },
      (error: unknown) => {
        if (isSluiceError(error, 'STOPPING')) return;
        const facts = { rollout: actor.id, input: input.type, reason: messageOf(error) };
        this.logger.error(facts, 'an input could not be decided; it is tried again in a moment');
        if (input.type === 'verdict') this.verdicts.add(actor.id, input.judged);
        this.again(actor);
      },
    );
  }

  /** What a failed turn or reaction was to bring follows from the state and the log: it is looked at once more. */
  private again(actor: RolloutActor): void {
    if (!this.live || this.timers.has(againOf(actor.id)) || this.registry.rollout(actor.id) !== actor) return;
    this.timers.set(againOf(actor.id), this.deps.clock.now() + AGAIN_MS, () => this.takeUp(actor));
  }

  private halt(): Promise<void> {
    this.live = false;
    this.aborter.abort();
    for (const part of [this.holding, this.dispatcher, this.balancing, ...this.works]) part.stop();
    this.timers.clearAll();
    return this.registry.stop();
  }
}

const againOf = (id: string): string => `again:${id}`;
