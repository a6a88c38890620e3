import type { EventMeta, GroupEvent, LeaseOutcome, Plan, RolloutEvent } from '@sluice/contracts';
import { rollbackTarget, type Starting, type Success } from '@sluice/group';
import { isSluiceError, messageOf } from '@sluice/kernel';
import { isTerminal, nextActions, phaseAt, type RolloutState, wentBack } from '@sluice/rollout';

import type { GroupActor } from '../actors/group-actor.js';
import type { Registry } from '../actors/registry.js';
import { EXECUTOR, type RolloutActor } from '../actors/rollout-actor.js';
import type { EngineLogger } from '../ports.js';
import type { LossBrake } from '../regression/loss-brake.js';

/**
 * What has to happen between a group and its rollouts. Each reaction is read off the two committed states and is
 * idempotent at its decider, so a restart only has to look at every open rollout once, and twice does no harm.
 */
export class Coordinator {
  constructor(
    private readonly registry: Registry,
    private readonly logger: EngineLogger,
    private readonly lossBrake: LossBrake,
    /** Looks at a rollout once more, in a while: what it was told was lost. */
    private readonly again: (actor: RolloutActor) => void,
  ) {}

  /** Looks at one rollout and does the next thing for it; one whose state is ahead of the log is looked at when it is not. */
  react(actor: RolloutActor): void {
    if (actor.isAhead) return this.reactLater(actor);
    const plan = actor.state.plan;
    if (plan === undefined) return;
    const group = this.registry.group(plan.group);
    const holds = group.state.active === actor.id;
    if (isTerminal(actor.state.status)) {
      this.letGo(actor, group, plan);
      return;
    }
    if (actor.state.status === 'planned') this.begin(actor, group, plan, holds);
    if (holds && wentBack(actor.state) > 0) this.blockBad(actor);
    if (actor.state.status === 'braked') this.policyRollback(actor, plan);
  }

  /** What a group was found to be when it was read anew. */
  reactAll(group: GroupActor): void {
    for (const actor of [...this.registry.rolloutsOf(group.name)]) this.react(actor);
  }

  /** A group's own change that its rollouts must hear of. */
  onGroupEvent(group: GroupActor, event: GroupEvent): void {
    if (event.type === 'LeaseGranted' || event.type === 'LeaseDropped') {
      const actor = this.registry.rollout(event.rolloutId);
      if (actor !== undefined) this.react(actor);
    }
    if (event.type === 'LeaseQueued') {
      this.supersede(event.behind, event.rolloutId);
      // It may have ended before its place in the queue was durable.
      const actor = this.registry.rollout(event.rolloutId);
      if (actor !== undefined && isTerminal(actor.state.status)) this.react(actor);
    }
    if (event.type === 'HostExcluded') {
      for (const actor of this.registry.rolloutsOf(group.name)) this.exclude(actor, event.host, event.reason);
    }
  }

  /** A rollout's own change that its group must hear of. */
  onRolloutEvent(actor: RolloutActor, event: RolloutEvent): void {
    const plan = actor.state.plan;
    if (event.type === 'RollbackRequested') this.blockBad(actor);
    if (plan !== undefined && event.type === 'RolloutStarted') this.excludeAll(actor, plan);
  }

  /** Hosts that were pulled out while nobody was listening (a restart, or between plan and start). */
  excludeAll(actor: RolloutActor, plan: Plan): void {
    const { excluded } = this.registry.group(plan.group).state;
    if (Object.keys(excluded).length === 0) return;
    for (const [target, { host }] of actor.state.targets.entries()) {
      const reason = Object.hasOwn(excluded, host) ? excluded[host] : undefined;
      if (reason !== undefined && phaseAt(actor.state, target) !== 'excluded') this.exclude(actor, host, reason);
    }
  }

  /** Neither an end nor a brake that a crash may still undo is passed on. */
  private reactLater(actor: RolloutActor): void {
    if (!actor.isBusy) return this.again(actor);
    void actor.atRest().then(() => {
      if (this.registry.rollout(actor.id) === actor) this.react(actor);
    });
  }

  private begin(actor: RolloutActor, group: GroupActor, plan: Plan, holds: boolean): void {
    const dropped = group.state.dropped[actor.id];
    if (holds) {
      // The plan may be older than an exclusion; what is decided first is not admitted by the start.
      this.excludeAll(actor, plan);
      const back = plan.rollbackable === false ? undefined : rollbackTarget(group.state, startingOf(plan));
      this.tell(
        actor,
        {
          type: 'start',
          token: group.state.token,
          ...(back === undefined ? {} : { rollbackTo: back }),
          ...this.lossBrake.atStart(actor),
        },
        `lease:${group.state.token}`,
      );
    } else if (dropped !== undefined) {
      this.tell(actor, { type: 'drop', reason: dropped }, 'lease:dropped');
    } else if (group.state.waiting?.rolloutId === actor.id) {
      if (group.state.active !== undefined) this.supersede(group.state.active, actor.id);
    } else {
      this.say(
        actor,
        { type: 'request', rolloutId: actor.id, version: plan.version, strategy: plan.strategy },
        metaFor(plan, 'planned'),
      );
    }
  }

  private letGo(actor: RolloutActor, group: GroupActor, plan: Plan): void {
    const { active, waiting } = group.state;
    if (active !== actor.id && waiting?.rolloutId !== actor.id) return;
    if (wentBack(actor.state) > 0 && active === actor.id) this.blockBad(actor);
    const meta = metaFor(plan, 'ended');
    if (plan.rollbackOf !== undefined && wasGivenUp(actor.state))
      this.say(actor, { type: 'unblockBad', rolloutId: plan.rollbackOf }, meta);
    this.say(actor, { type: 'release', rolloutId: actor.id, ...outcomeOf(actor.state, plan) }, meta);
  }

  /** What is rolled back does not start again in its group; once, so that a person who unblocks it is not overruled. */
  blockBad(actor: RolloutActor): void {
    const { plan } = actor.state;
    if (plan === undefined) return;
    const { version, rolloutId } = plan;
    const ordinal = wentBack(actor.state);
    this.say(actor, { type: 'blockBad', version, rolloutId, ordinal }, metaFor(plan, 'rollback'));
  }

  /** What the plan itself orders: the way back, when its canary or one of its gates failed (STR-11). */
  private policyRollback(actor: RolloutActor, plan: Plan): void {
    const policy = policyOf(actor.state, plan);
    if (policy === undefined || !nextActions(actor.state).includes('rollback')) return;
    void actor
      .submit(
        {
          type: 'command',
          command: { type: 'rollback' },
          actor: { id: 'plan', kind: 'policy' },
          reason: `${policy}: rollback (${actor.state.brake?.words ?? ''})`.slice(0, 400),
        },
        { id: 'plan', kind: 'policy' },
        `policy:${policy}`,
      )
      .catch((error: unknown) => this.complain(actor, error));
  }

  private supersede(active: string, by: string): void {
    const actor = this.registry.rollout(active);
    if (actor !== undefined) this.tell(actor, { type: 'supersede', by }, `superseded:${by}`);
  }

  private exclude(actor: RolloutActor, host: string, reason: string): void {
    this.tell(actor, { type: 'exclude', host, reason }, `excluded:${host}`);
  }

  private tell(actor: RolloutActor, input: Parameters<RolloutActor['submit']>[0], cause: string): void {
    actor.submit(input, EXECUTOR, cause).catch((error: unknown) => this.complain(actor, error));
  }

  /** To the rollout's group. */
  private say(actor: RolloutActor, input: Parameters<GroupActor['submit']>[0], meta: EventMeta): void {
    const { plan } = actor.state;
    if (plan === undefined) return;
    const said = this.registry.group(plan.group).submit(input, meta);
    said.catch((error: unknown) => this.complain(actor, error));
  }

  private complain(actor: RolloutActor, error: unknown): void {
    if (isSluiceError(error, 'STOPPING') || isSluiceError(error, 'NOT_OFFERED')) return;
    this.logger.error(
      { rollout: actor.id, reason: messageOf(error) },
      'a reaction failed; it is tried again in a moment',
    );
    this.again(actor);
  }
}

const metaFor = (plan: Plan, what: string): EventMeta => ({
  by: EXECUTOR,
  cause: `${what}:${plan.rolloutId}`,
  corr: plan.requestId,
});

const startingOf = ({ strategy, version, restores }: Plan): Starting =>
  restores === undefined ? { strategy, version } : { strategy, version, restores };

/**
 * Somebody called it off: what it was to take back may start again. One that made way for another rollout, or that was
 * itself rolled back, ended without anybody saying that the version is good after all: it stays blocked until a person
 * unblocks it (design 6.5).
 */
const wasGivenUp = ({ status, end }: RolloutState): boolean =>
  status === 'cancelled' && end?.cause !== 'superseded' && end?.cause !== 'rollback';

/** The part of the plan that orders a rollback because of this brake. */
function policyOf(state: RolloutState, plan: Plan): 'onCanaryFailure' | 'onFail' | undefined {
  if (plan.onCanaryFailure === 'rollback' && isCanaryBrake(state, plan)) return 'onCanaryFailure';
  const failed = state.brake?.kind === 'gate' ? state.stage.failedGate?.gate : undefined;
  const spec = plan.gateSpecs?.find(({ name }) => name === failed);
  return spec?.onFail === 'rollback' ? 'onFail' : undefined;
}

/** A canary that failed a step, or a gate that failed while it baked. */
const isCanaryBrake = ({ brake, stage }: RolloutState, plan: Plan): boolean =>
  brake?.kind === 'canary' || (brake?.kind === 'gate' && plan.canaries > 0 && stage.index === 0);

function outcomeOf(
  { status }: RolloutState,
  plan: Plan,
): { readonly outcome: LeaseOutcome; readonly success?: Success } {
  if (status !== 'succeeded') return { outcome: status === 'closed' ? 'closed' : 'cancelled' };
  const { version, rolloutId, strategy, restores, traffic } = plan;
  const success: Success = {
    ...{ version, rolloutId, strategy, sha256: plan.spec.artifact.sha256 },
    ...(restores === undefined ? {} : { restores }),
    ...(traffic === undefined ? {} : { side: traffic.newSide }),
  };
  return { outcome: 'succeeded', success };
}
