import { canonicalJson, type Weights } from '@sluice/contracts';
import { type Clock, isSluiceError, messageOf } from '@sluice/kernel';
import type { RolloutInput } from '@sluice/rollout';

import { EXECUTOR } from '../actors/rollout-actor.js';
import type { EngineLogger } from '../ports.js';
import { Looking } from './looking.js';
import type { Published, TrafficPorts, WantedCapacity, WeightsPlace } from './ports.js';
import { Trouble, wordsOf } from './trouble.js';
import type { ShiftActor, ShiftView, ViewOf } from './view.js';

const RETRY_MS = 1_000;
/** Of what nobody's requests wait for. */
const CALM_RETRY_MS = 5_000;
/** What was taken and does not stand yet is asked for once more. */
const SCALE_AGAIN_MS = 30_000;

/** One thing to be done outside. `key` tells it from any other of its rollout. */
type Effect =
  | { readonly kind: 'publish'; readonly key: string; readonly weights: Weights; readonly place: WeightsPlace }
  | {
      readonly kind: 'scale';
      readonly key: string;
      readonly side: string;
      readonly services: readonly WantedCapacity[];
    }
  | { readonly kind: 'retire'; readonly key: string; readonly side: string };

interface Work<A> {
  readonly actor: A;
  readonly effect: Effect;
  readonly trouble: Trouble;
}

/** What an effect came to. `input`: what its rollout is told; `againMs`: it is done once more after so long. */
type Done = { readonly input: RolloutInput; readonly cause: string } | { readonly againMs: number };

/**
 * Does what shifts of traffic need outside: looks at their sides, scales and retires them, publishes weights. It holds
 * no truth: what waits to be done is read off the state, so after a restart it is done again, which the ports allow.
 */
export class TrafficShifting<A extends ShiftActor> {
  /** By rollout and kind. */
  private readonly working = new Map<string, Work<A>>();
  private readonly looking: Looking<A>;
  /** Ends each wait that is under way. */
  private readonly waits = new Set<() => void>();
  private stopped = false;

  constructor(
    private readonly ports: TrafficPorts,
    private readonly viewOf: ViewOf<A>,
    private readonly clock: Clock,
    private readonly logger: EngineLogger,
  ) {
    this.looking = new Looking(ports.sides, viewOf, clock, logger);
  }

  /**
   * Begins what waits to be done and is not under way here. After each commit, and after a restart; never while the
   * state is ahead of the log.
   */
  follow(actor: A): void {
    const view = this.stopped ? undefined : this.viewOf(actor);
    if (view === undefined) return;
    // Before anything else: it may be the way back.
    for (const effect of effectsOf(view)) this.begin(actor, effect);
    this.looking.follow(actor);
  }

  /** After a restart: as soon as what is being decided is in the log. */
  async resume(actor: A): Promise<void> {
    do await actor.atRest();
    while (actor.isBusy);
    this.follow(actor);
  }

  /** It has left the memory. */
  forget(id: string): void {
    this.looking.forget(id);
  }

  stop(): void {
    this.stopped = true;
    this.working.clear();
    this.looking.stop();
    // What waits keeps its process alive.
    for (const end of this.waits) end();
  }

  /** What is under way for something else of the same kind does not hold it up: a publisher may be slow. */
  private begin(actor: A, effect: Effect): void {
    const place = `${actor.id}/${effect.kind}`;
    const known = this.working.get(place);
    if (known?.effect.key === effect.key && known.actor === actor) return;
    const work: Work<A> = { actor, effect, trouble: new Trouble(this.clock) };
    this.working.set(place, work);
    this.perform(work)
      .catch((error: unknown) => {
        this.logger.error({ rollout: actor.id, reason: messageOf(error) }, 'a step of a shift of traffic broke off');
      })
      .finally(() => {
        if (this.working.get(place) === work) this.working.delete(place);
        // It may have been wanted again in the moment in which it ended.
        if (this.isWanted(work)) this.begin(actor, effect);
      });
  }

  private async perform(work: Work<A>): Promise<void> {
    while (this.isWanted(work)) await this.wait(await this.tryOnce(work));
  }

  /** When it is looked at again, ms. */
  private async tryOnce(work: Work<A>): Promise<number> {
    const done = await this.act(work);
    const retryMs = work.effect.kind === 'publish' ? RETRY_MS : CALM_RETRY_MS;
    if (!this.isWanted(work)) return 0;
    if (done === undefined) return retryMs;
    if ('againMs' in done) return done.againMs;
    await this.tell(work.actor, done.input, done.cause);
    return this.isWanted(work) ? retryMs : 0;
  }

  private async act(work: Work<A>): Promise<Done | undefined> {
    const view = this.viewOf(work.actor);
    if (view === undefined) return undefined;
    switch (work.effect.kind) {
      case 'publish':
        return this.publish(work, work.effect);
      case 'scale':
        return this.scale(work, view, work.effect);
      case 'retire':
        return this.retire(work, view, work.effect.side);
    }
  }

  private async publish(
    work: Work<A>,
    { place, weights }: Extract<Effect, { readonly kind: 'publish' }>,
  ): Promise<Done | undefined> {
    const called = await this.ports.weights.publish(place, weights);
    if (called.kind !== 'done') return this.complain(work, called, 'the weights cannot be published');
    const { value: version } = called;
    this.logger.info({ rollout: work.actor.id, weights, version }, 'weights are published');
    return { input: { type: 'weightPublished', weights, version }, cause: `traffic:published:${version}` };
  }

  private async scale(
    work: Work<A>,
    view: ShiftView,
    { side, services }: Extract<Effect, { readonly kind: 'scale' }>,
  ): Promise<Done | undefined> {
    const place = view.side(side);
    const called = await this.ports.sides.scale(place, services);
    if (called.kind === 'done') return { againMs: SCALE_AGAIN_MS };
    return this.complain(work, { ...called, dependency: place.capacity }, `side ${side} cannot be scaled`);
  }

  private async retire(work: Work<A>, view: ShiftView, side: string): Promise<Done | undefined> {
    const place = view.side(side);
    const called = await this.ports.sides.retire(place);
    if (called.kind === 'done') {
      this.logger.info({ rollout: work.actor.id, side, outcome: called.value }, 'a side is retired');
      return { input: { type: 'sideRetired', side }, cause: `traffic:retired:${side}` };
    }
    return this.complain(work, { ...called, dependency: place.capacity }, `side ${side} cannot be retired`);
  }

  /** It is tried again, for as long as the state asks for it; trouble that lasts brakes the rollout. */
  private async complain(
    work: Work<A>,
    called: Exclude<Published, { readonly kind: 'done' }>,
    what: string,
  ): Promise<undefined> {
    const { actor, trouble } = work;
    if (this.stopped || !trouble.isDue(called)) return undefined;
    const { dependency = 'weights' } = called;
    const words = `${what}: ${wordsOf(called)}`.slice(0, 400);
    this.logger.warn({ rollout: actor.id, dependency, reason: words }, 'a shift of traffic cannot go on for now');
    if (this.viewOf(actor)?.ending !== false) return undefined;
    await this.tell(actor, { type: 'trafficTrouble', dependency, words }, `traffic:trouble:${dependency}`);
    return undefined;
  }

  /** What was not recorded is done again, and told again. */
  private async tell(actor: A, input: RolloutInput, cause: string): Promise<void> {
    try {
      await actor.submit(input, EXECUTOR, cause);
    } catch (error) {
      if (isSluiceError(error, 'STOPPING')) return;
      const facts = { rollout: actor.id, input: input.type, reason: messageOf(error) };
      this.logger.warn(facts, 'a step of a shift of traffic could not be recorded');
    }
  }

  private isWanted({ actor, effect: { kind, key } }: Work<A>): boolean {
    const view = this.stopped ? undefined : this.viewOf(actor);
    return view !== undefined && effectsOf(view).some((effect) => effect.kind === kind && effect.key === key);
  }

  private wait(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const end = (): void => {
        cancel();
        this.waits.delete(end);
        resolve();
      };
      const cancel = this.clock.schedule(ms, end);
      this.waits.add(end);
    });
  }
}

function effectsOf({ work: { publish, scale, retire }, weights: place }: ShiftView): readonly Effect[] {
  const effects: Effect[] = [];
  if (publish !== undefined)
    effects.push({ kind: 'publish', key: `${place.rev} ${canonicalJson(publish)}`, weights: publish, place });
  if (scale !== undefined) effects.push({ kind: 'scale', key: canonicalJson(scale), ...scale });
  if (retire !== undefined) effects.push({ kind: 'retire', key: retire, side: retire });
  return effects;
}
