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
  shardOfGroup,
  shardOfId,
} from '@sluice/contracts';
import type { Followed } from '@sluice/event-log';
import { type CancelTimer, isSluiceError, messageOf, SluiceError } from '@sluice/kernel';
import { isTerminal, nextActions, nextDeadline } from '@sluice/rollout';

import { GroupActor } from './actors/group-actor.js';
import { commandCause, EXECUTOR, RolloutActor } from './actors/rollout-actor.js';
import type { ActorDeps } from './actors/stream-actor.js';
import { Coordinator } from './course/coordinator.js';
import { Dispatcher } from './fleet/dispatcher.js';
import { type EngineLogger, type ExecutorDeps, silentLogger } from './ports.js';
import { VerdictBuffer } from './course/verdicts.js';

/**
 * The executor (design 5): owns every open rollout of its shards. It folds the log, then goes live: from there on
 * inputs (reports, commands, timers, verdicts) are decided and committed, and effects leave after their commit.
 */
export class ExecutorEngine {
  private readonly rollouts = new Map<string, RolloutActor>();
  private readonly groups = new Map<string, GroupActor>();
  private readonly byGroup = new Map<string, Set<RolloutActor>>();
  private readonly timers = new Map<string, { readonly at: number; readonly cancel: CancelTimer }>();
  private readonly verdicts = new VerdictBuffer();
  private readonly coordinator: Coordinator;
  private readonly dispatcher: Dispatcher;
  private readonly logger: EngineLogger;
  private readonly actorDeps: ActorDeps;
  private readonly aborter = new AbortController();
  private live = false;
  private following: Promise<void> | undefined;

  constructor(private readonly deps: ExecutorDeps) {
    this.logger = deps.logger ?? silentLogger;
    this.actorDeps = { log: deps.log, clock: deps.clock, newId: deps.newId, logger: this.logger };
    this.dispatcher = new Dispatcher(deps.agents, deps.clock, this.logger, (report) => this.onReport(report));
    this.coordinator = new Coordinator(
      { rollout: (id) => this.rollouts.get(id), group: (name) => this.group(name), rolloutsOf: (group) => this.byGroup.get(group) ?? [] },
      this.logger,
    );
  }

  /** Resolves when the log has been folded and the engine drives its rollouts. Rejects when the log cannot be followed. */
  async start(): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      this.following = this.follow(resolve).catch((error: unknown) => {
        this.logger.error({ err: messageOf(error) }, 'the log cannot be followed any more; this executor stops');
        this.halt();
        reject(error instanceof Error ? error : new SluiceError('LOG_UNAVAILABLE', String(error)));
      });
    });
  }

  /** Ends with what is under way committed; nothing new is taken. */
  async stop(): Promise<void> {
    this.halt();
    await this.following;
  }

  /** True when it drives rollouts. */
  get isLive(): boolean {
    return this.live;
  }

  /** An agent's report: ok once it is durable, or known already. */
  async onReport(report: RunReport): Promise<ReportAnswer> {
    if (!this.live) return { ok: false, code: 'NOT_READY', message: 'this executor still reads the log', retry: true };
    const actor = this.rollouts.get(report.rollout);
    if (actor === undefined) return { ok: false, code: 'STALE_ATTEMPT', message: `${report.rollout} is not open`, retry: false };
    try {
      await actor.submit({ type: 'report', report }, { id: report.host, kind: 'agent' }, report.attempt);
      return { ok: true };
    } catch (error) {
      const code = isSluiceError(error) ? error.code : 'INTERNAL';
      return { ok: false, code, message: messageOf(error), retry: !['BAD_REPORT', 'STALE_ATTEMPT', 'FENCED'].includes(code) };
    }
  }

  /** A command to a rollout; ended ones are read from the log. */
  async command(envelope: CommandEnvelope<RolloutCommand>): Promise<CommandResult> {
    return this.answer(async () => {
      const actor = await this.rolloutFor(envelope.target);
      const cause = commandCause(envelope.id);
      if (!actor.commands.has(cause)) {
        await this.assertLatest(actor, envelope.command.type);
        const input = { type: 'command', command: envelope.command, actor: envelope.actor, ...(envelope.reason === undefined ? {} : { reason: envelope.reason }) } as const;
        await actor.submit(input, envelope.actor, cause, envelope.expectedRev);
      }
      this.forget(actor);
      return { ok: true, target: actor.id, state: actor.state.status, rev: actor.rev, actions: nextActions(actor.state) };
    });
  }

  async groupCommand(envelope: CommandEnvelope<GroupCommand>): Promise<CommandResult> {
    return this.answer(async () => {
      if (!this.deps.shards.includes(shardOfGroup(envelope.target))) throw notOurs(envelope.target);
      const group = this.group(envelope.target);
      const cause = commandCause(envelope.id);
      if (!group.commands.has(cause)) {
        const input = { type: 'command', command: envelope.command, ...(envelope.reason === undefined ? {} : { reason: envelope.reason }) } as const;
        await group.submit(input, { by: envelope.actor, cause, corr: envelope.id }, envelope.expectedRev);
      }
      return { ok: true, target: group.name, state: 'group', rev: group.rev, actions: ['exclude', 'include', 'block', 'unblock'] };
    });
  }

  private async answer(act: () => Promise<CommandResult>): Promise<CommandResult> {
    try {
      if (!this.live) throw new SluiceError('NOT_READY', 'this executor still reads the log: say it again in a moment');
      return await act();
    } catch (error) {
      if (isSluiceError(error)) return { ok: false, code: error.code, message: error.message, details: error.details };
      this.logger.error({ err: messageOf(error) }, 'a command failed');
      return { ok: false, code: 'INTERNAL', message: 'the command failed inside the executor; its log says why' };
    }
  }

  /** Code NOT_FOUND for a rollout that has no plan. */
  private async rolloutFor(id: string): Promise<RolloutActor> {
    const open = this.rollouts.get(id);
    if (open !== undefined) return open;
    if (!isRolloutId(id)) throw new SluiceError('NOT_FOUND', `"${id.slice(0, 60)}" is no rollout`);
    if (!this.deps.shards.includes(shardOfId(id) ?? '')) throw notOurs(id);
    const actor = this.rollout(id);
    await actor.load();
    if (actor.state.plan !== undefined) return actor;
    this.remove(actor);
    throw new SluiceError('NOT_FOUND', `there is no rollout ${id}`);
  }

  /** A rollout that another one has followed is not taken back any more: that would take back the other one too. */
  private async assertLatest(actor: RolloutActor, command: RolloutCommand['type']): Promise<void> {
    const plan = actor.state.plan;
    if (command !== 'rollback' || plan === undefined || actor.state.token === 0) return;
    const group = this.group(plan.group);
    if (group.state.token > actor.state.token) {
      throw new SluiceError('NOT_OFFERED', `group ${plan.group} has had another rollout since: roll that one back, or request the version that you want`, { actions: [] });
    }
  }

  private async follow(onLive: () => void): Promise<void> {
    const { signal } = this.aborter;
    for await (const item of this.deps.log.follow({ shards: this.deps.shards, writers: ['plan', 'exec', 'group', 'gate'], from: 0, signal })) {
      this.onFollowed(item, onLive);
    }
  }

  private onFollowed(item: Followed, onLive: () => void): void {
    if (item.kind === 'commit') {
      this.onCommit(item.commit);
      return;
    }
    this.live = true;
    this.logger.info({ position: item.position, open: this.rollouts.size }, 'the log is folded; driving');
    for (const actor of [...this.rollouts.values()]) this.takeUp(actor);
    onLive();
  }

  /** What a restart owes an open rollout: exclusions, verdicts, its reactions, its course and its attempts. */
  private takeUp(actor: RolloutActor): void {
    const plan = actor.state.plan;
    if (plan === undefined) return;
    this.coordinator.excludeAll(actor, plan);
    for (const judged of this.verdicts.take(actor.id)) void this.tell(actor, { type: 'verdict', judged });
    void this.tell(actor, { type: 'tick' });
    this.coordinator.react(actor);
    this.dispatcher.resume(actor);
    this.setTimer(actor);
  }

  private onCommit(commit: RecordedCommit): void {
    const { writer, id } = commit.stream;
    if (writer === 'plan') this.onPlan(commit as RecordedCommit<'plan'>);
    else if (writer === 'exec') this.onExec(commit as RecordedCommit<'exec'>);
    else if (writer === 'group') this.onGroup(commit as RecordedCommit<'group'>);
    else if (writer === 'gate') {
      for (const judged of (commit as RecordedCommit<'gate'>).events) {
        const actor = this.rollouts.get(id);
        if (this.live && actor !== undefined) void this.tell(actor, { type: 'verdict', judged });
        else this.verdicts.add(id, judged);
      }
    }
  }

  private onPlan(commit: RecordedCommit<'plan'>): void {
    if (!isRolloutId(commit.stream.id)) return;
    const actor = this.rollout(commit.stream.id);
    actor.plan(commit);
    const plan = actor.state.plan;
    if (plan === undefined) return;
    const members = this.byGroup.get(plan.group) ?? new Set();
    this.byGroup.set(plan.group, members.add(actor));
    if (this.live) this.coordinator.react(actor);
  }

  private onExec(commit: RecordedCommit<'exec'>): void {
    const actor = this.rollouts.get(commit.stream.id);
    if (actor?.observe(commit) !== true) return;
    if (this.live) this.coordinator.react(actor);
    this.forget(actor);
  }

  private onGroup(commit: RecordedCommit<'group'>): void {
    const group = this.group(decodeToken(commit.stream.id.slice(4)));
    if (!group.observe(commit)) return;
    for (const event of commit.events) this.afterGroup(group, event);
  }

  private rollout(id: string): RolloutActor {
    const known = this.rollouts.get(id);
    if (known !== undefined) return known;
    const actor = new RolloutActor(id, this.actorDeps, (self, events) => this.onRolloutCommitted(self, events));
    this.rollouts.set(id, actor);
    return actor;
  }

  private group(name: string): GroupActor {
    const known = this.groups.get(name);
    if (known !== undefined) return known;
    const actor = new GroupActor(name, this.actorDeps, (self, events) => {
      for (const { event } of events) this.afterGroup(self, event);
    });
    this.groups.set(name, actor);
    return actor;
  }

  private onRolloutCommitted(actor: RolloutActor, events: readonly EventToAppend<RolloutEvent>[]): void {
    for (const { event } of events) {
      if (event.type === 'TargetsAdmitted') this.dispatcher.send(actor, event.targets);
      else this.coordinator.onRolloutEvent(actor, event);
    }
    this.coordinator.react(actor);
    this.setTimer(actor);
    this.forget(actor);
  }

  private afterGroup(group: GroupActor, event: GroupEvent): void {
    if (this.live) this.coordinator.onGroupEvent(group, event);
    if (event.type === 'LeaseReleased' || event.type === 'LeaseDropped') {
      const actor = this.rollouts.get(event.rolloutId);
      if (actor !== undefined) this.forget(actor);
    }
  }

  /** An ended rollout whose group has let it go leaves the memory; the log keeps it. */
  private forget(actor: RolloutActor): void {
    const plan = actor.state.plan;
    if (plan === undefined || !isTerminal(actor.state.status)) return;
    const { active, waiting } = this.group(plan.group).state;
    if (active !== actor.id && waiting?.rolloutId !== actor.id) this.remove(actor);
  }

  private remove(actor: RolloutActor): void {
    this.rollouts.delete(actor.id);
    this.verdicts.take(actor.id);
    this.timers.get(actor.id)?.cancel();
    this.timers.delete(actor.id);
    const group = actor.state.plan?.group;
    if (group !== undefined) this.byGroup.get(group)?.delete(actor);
  }

  /** One timer a rollout, at the next time that its state names. */
  private setTimer(actor: RolloutActor): void {
    const now = this.deps.clock.now();
    const at = nextDeadline(actor.state, now);
    const set = this.timers.get(actor.id);
    if (set?.at === at) return;
    set?.cancel();
    this.timers.delete(actor.id);
    if (at === undefined || !this.live) return;
    const cancel = this.deps.clock.schedule(Math.max(0, at - now), () => {
      this.timers.delete(actor.id);
      this.tell(actor, { type: 'tick' }).finally(() => this.setTimer(actor)).catch(() => undefined);
    });
    this.timers.set(actor.id, { at, cancel });
  }

  private async tell(actor: RolloutActor, input: Parameters<RolloutActor['submit']>[0]): Promise<void> {
    try {
      await actor.submit(input, EXECUTOR, input.type === 'verdict' ? `verdict:${input.judged.gate}:${input.judged.stage}:${input.judged.round}` : `timer:${input.type}`);
    } catch (error) {
      if (!isSluiceError(error, 'STOPPING')) this.logger.error({ rollout: actor.id, input: input.type, err: messageOf(error) }, 'an input could not be decided');
    }
  }

  private halt(): void {
    this.live = false;
    this.aborter.abort();
    this.dispatcher.stop();
    for (const { cancel } of this.timers.values()) cancel();
    this.timers.clear();
    for (const actor of [...this.rollouts.values(), ...this.groups.values()]) actor.stop();
  }
}

const notOurs = (what: string): SluiceError => new SluiceError('NOT_OWNED', `${what} belongs to a shard that this executor does not own: say it again`);
