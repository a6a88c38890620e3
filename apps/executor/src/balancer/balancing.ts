import { type Clock, messageOf } from '@sluice/kernel';
import { type BalancerOutcome, legOf, type OpenAttempt, planOf } from '@sluice/rollout';

import { EXECUTOR, type RolloutActor } from '../actors/rollout-actor.js';
import type { Called } from '../dependency/called.js';
import type { EngineLogger } from '../ports.js';
import type { BalancerPlace, BalancerPort } from './ports.js';
import { Slots } from './slots.js';

/** Calls to balancers that are under way at once. */
const MAX_AT_ONCE = 32;
/** A drain that gets no answer for so long is given up: the host serves meanwhile. */
const GIVE_UP_MS = 30_000;
const RETRY_MS = 1_000;
/** A host that is out of service is put back whenever that becomes possible. */
const ENABLE_AGAIN_MS = 5_000;
const WATCH_MS = 500;
/** A balancer that was gone on without is told of its hosts when it is back, within a day. */
const OWED_EVERY_MS = 30_000;
const OWED_FOR_MS = 24 * 3_600_000;

interface Work {
  readonly actor: RolloutActor;
  readonly target: number;
  readonly n: number;
  /** The place of the step in the attempt's steps. */
  readonly next: number;
  readonly step: 'drain' | 'enable';
  readonly since: number;
}

/**
 * Does the steps of open attempts that belong to the balancer. It holds no truth: what waits to be done is read off
 * the state, so after a restart it is done again, which a balancer does not mind.
 */
export class Balancing {
  private readonly working = new Map<string, Work>();
  private readonly slots = new Slots(MAX_AT_ONCE);
  private stopped = false;

  constructor(
    private readonly balancers: BalancerPort | undefined,
    private readonly clock: Clock,
    private readonly logger: EngineLogger,
    private readonly around: {
      /** Their agents have the next step. */
      readonly onAgents: (actor: RolloutActor, targets: readonly number[]) => void;
      /** No other rollout has had the group since: what it did to its hosts would be taken back. */
      readonly isLatest: (actor: RolloutActor) => boolean;
    },
  ) {}

  /** Begins what waits at the balancer and is not under way here. After each commit, and after a restart. */
  follow(actor: RolloutActor): void {
    if (actor.state.plan?.lb === undefined || this.stopped) return;
    const agents: number[] = [];
    for (const attempts of [actor.state.open, actor.state.unknown])
      for (const [target, attempt] of attempts)
        if (legOf(planOf(actor.state), attempt).place === 'balancer') this.begin(actor, target, attempt);
        else if (attempts === actor.state.open) agents.push(target);
    if (agents.length > 0) this.around.onAgents(actor, agents);
  }

  stop(): void {
    this.stopped = true;
    this.working.clear();
  }

  private begin(actor: RolloutActor, target: number, attempt: OpenAttempt): void {
    const key = `${actor.id}/${target}`;
    const known = this.working.get(key);
    if (known?.n === attempt.n && known.next === attempt.next) return;
    const step = attempt.steps[attempt.next] === 'drain' ? 'drain' : 'enable';
    const work: Work = { actor, target, n: attempt.n, next: attempt.next, step, since: this.clock.now() };
    this.working.set(key, work);
    this.perform(work)
      .catch((error: unknown) => {
        this.logger.error({ ...factsOf(work), reason: messageOf(error) }, 'a step at the balancer broke off');
      })
      .finally(() => {
        if (this.working.get(key) === work) this.working.delete(key);
      });
  }

  private async perform(work: Work): Promise<void> {
    while (this.isWanted(work)) {
      const outcome = this.outcomeOf(work, await this.act(work));
      if (outcome?.kind === 'done' && work.step === 'drain') await this.emptied(work);
      const told = outcome !== undefined && (await this.tell(work, outcome));
      if (told && outcome.kind !== 'refused' && !this.isWanted(work)) return await this.afterwards(work, outcome);
      await this.wait(outcome === undefined ? RETRY_MS : ENABLE_AGAIN_MS);
    }
  }

  /** What a step that is over may still owe. */
  private async afterwards(work: Work, { kind }: BalancerOutcome): Promise<void> {
    if (kind === 'done') await this.putBack(work);
    else if (this.isOwed(work)) await this.payLater(work);
  }

  /** It was enabled without its balancer, which may have had it out from before: an earlier rollout may have died there. */
  private isOwed({ actor, target, n, step }: Work): boolean {
    const { state } = actor;
    const isIn = state.out[target] === 0 && !state.open.has(target) && state.attempts[target] === n;
    return !this.stopped && step === 'enable' && isIn && this.around.isLatest(actor);
  }

  private async payLater(work: Work): Promise<void> {
    for (const until = this.clock.now() + OWED_FOR_MS; this.clock.now() < until && this.isOwed(work);) {
      const { kind: outcome } = await this.act(work);
      if (outcome === 'done' || outcome === 'refused') {
        this.logger.info({ ...factsOf(work), outcome }, 'a balancer that was gone on without was told of its host');
        return;
      }
      await this.wait(OWED_EVERY_MS);
    }
  }

  private act(work: Work): Promise<Called<void>> {
    const { balancers } = this;
    if (balancers === undefined) return Promise.resolve({ kind: 'down', words: 'this executor knows no balancers' });
    const place = placeOf(work);
    return this.slots.use(() => (work.step === 'drain' ? balancers.drain(place) : balancers.enable(place)));
  }

  /** Undefined: it is asked again in a moment. */
  private outcomeOf({ step, since }: Work, called: Called<void>): BalancerOutcome | undefined {
    if (called.kind !== 'failing') return called.kind === 'done' ? { kind: 'done' } : called;
    const tooLong = step === 'drain' && this.clock.now() - since >= GIVE_UP_MS;
    return tooLong ? { kind: 'down', words: called.words } : undefined;
  }

  /** Until nothing is under way there, or the drain window is over. */
  private async emptied(work: Work): Promise<void> {
    const until = this.clock.now() + planOf(work.actor.state).spec.drainWindowMs;
    while (this.isWanted(work) && this.clock.now() < until) {
      const called = await this.slots.use(async () => this.balancers?.sessions(placeOf(work)));
      if (called?.kind === 'done' && called.value === 0) return;
      await this.wait(Math.min(WATCH_MS, Math.max(1, until - this.clock.now())));
    }
  }

  /** A late drain of an owner that has lost its shard meanwhile took out a host that nobody will put back. */
  private async putBack(work: Work): Promise<void> {
    const { actor, target, step } = work;
    if (step !== 'drain' || actor.state.out[target] === 1 || this.stopped) return;
    this.logger.warn(factsOf(work), 'a host was drained that is done already; it is put back');
    await this.slots.use(async () => this.balancers?.enable(placeOf(work)));
  }

  /** False when it was not recorded: then it is done again, and told again. */
  private async tell(work: Work, outcome: BalancerOutcome): Promise<boolean> {
    const { actor, target, n, step, since } = work;
    const ms = this.clock.now() - since;
    const cause = `balancer:${placeOf(work).balancer}`;
    try {
      await actor.submit({ type: 'balanced', target, n, step, ms, outcome }, EXECUTOR, cause);
      return true;
    } catch (error) {
      this.logger.warn({ ...factsOf(work), reason: messageOf(error) }, 'a step at the balancer could not be recorded');
      return false;
    }
  }

  private isWanted({ actor, target, n, next }: Work): boolean {
    const attempt = actor.state.open.get(target) ?? actor.state.unknown.get(target);
    return !this.stopped && attempt?.n === n && attempt.next === next;
  }

  private wait(ms: number): Promise<void> {
    return new Promise((resolve) => {
      this.clock.schedule(ms, resolve);
    });
  }
}

const factsOf = ({ actor, target, step }: Work) => ({
  rollout: actor.id,
  host: actor.state.targets[target]?.host,
  step,
});

function placeOf({ actor, target }: Work): BalancerPlace {
  const { lb, app, group } = planOf(actor.state);
  const host = actor.state.targets[target]?.host ?? '';
  return { balancer: lb?.balancer ?? '', backend: lb?.backend ?? '', host, app, group };
}
