import { type Clock, isSluiceError, messageOf } from '@sluice/kernel';
import { type RampWork, rampWork, type RolloutInput } from '@sluice/rollout';

import { EXECUTOR, type RolloutActor } from '../actors/rollout-actor.js';
import { Slots } from '../balancer/slots.js';
import { Timers } from '../course/timers.js';
import type { EngineLogger } from '../ports.js';
import { nextCommand, toldOf, wakeHeld } from './next-command.js';
import type { RampAnswer, RampCommand, RampPort, VariableSight } from './ports.js';

/** Ramps that are looked at at once. */
const MAX_AT_ONCE = 16;
/** Define, resume a way back, turn it: more is never needed to have a variable go where it is wanted. */
const MOST_STEPS = 6;
/** A hundred looks at a ramp, within these. */
const LOOKS = 100;
const [OFTEN_MS, SELDOM_MS] = [1_000, 30_000];
const AGAIN_MS = 2_000;
const MAX_REASON = 1_000;

/** Nothing was done, and that is nobody's mistake: it is said again. */
const LATER: ReadonlySet<string> = new Set([
  ...['NOT_READY', 'NOT_OWNER', 'NO_OWNER', 'STOPPING', 'BUSY', 'FROZEN', 'LOG_UNAVAILABLE', 'INTERNAL', 'TIMEOUT'],
]);

const HALTS: ReadonlySet<RampCommand['type']> = new Set(['pause', 'stop', 'breach']);

/** A rollout as the worker sees it. */
export type RampActor = Pick<RolloutActor, 'id' | 'state' | 'submit' | 'atRest' | 'isBusy'>;

interface Watch<A> {
  readonly actor: A;
  /** Of the last time that it was brought to where it is wanted. */
  order: number | undefined;
  busy: boolean;
  /** Of the last time that it was told to go on in spite of freezes. */
  spited: number | undefined;
  /** No look before; ms. */
  next: number;
}

/**
 * Has the variables of ramps do what their rollouts want, and tells how they stand. It holds no truth: what is wanted
 * is read off the state and what is there is looked at, so that after a restart the same follows.
 */
export class Ramping<A extends RampActor = RolloutActor> {
  private readonly watches = new Map<string, Watch<A>>();
  private readonly timers: Timers;
  private readonly slots = new Slots(MAX_AT_ONCE);
  private stopped = false;

  constructor(
    private readonly port: RampPort,
    private readonly clock: Clock,
    private readonly logger: EngineLogger,
  ) {
    this.timers = new Timers(clock);
  }

  /** After each commit, and after a restart; never while the state is ahead of the log. */
  follow(actor: A): void {
    const work = this.stopped ? undefined : rampWork(actor.state);
    if (work === undefined) return this.forget(actor.id);
    const watch = this.watchOf(actor);
    if (watch.busy) return;
    const at = watch.order === work.order ? watch.next : 0;
    this.timers.set(actor.id, Math.max(at, this.clock.now()), () => void this.attend(watch));
  }

  /** After a restart: as soon as what is being decided is in the log. */
  async resume(actor: A): Promise<void> {
    do await actor.atRest();
    while (actor.isBusy);
    this.follow(actor);
  }

  /** It has left the memory, or is over. */
  forget(id: string): void {
    this.timers.clear(id);
    this.watches.delete(id);
  }

  stop(): void {
    this.stopped = true;
    this.timers.clearAll();
    this.watches.clear();
  }

  private watchOf(actor: A): Watch<A> {
    const known = this.watches.get(actor.id);
    if (known?.actor === actor) return known;
    const watch: Watch<A> = { actor, order: undefined, busy: false, spited: undefined, next: 0 };
    this.watches.set(actor.id, watch);
    return watch;
  }

  private async attend(watch: Watch<A>): Promise<void> {
    const { actor } = watch;
    watch.busy = true;
    let isThere = false;
    try {
      isThere = await this.slots.use(() => this.bring(watch));
    } catch (error) {
      if (!isSluiceError(error, 'STOPPING'))
        this.logger.warn({ rollout: actor.id, reason: messageOf(error) }, 'the variable of a ramp cannot be reached');
    } finally {
      watch.busy = false;
      watch.next = this.clock.now() + (isThere ? pauseOf(rampWork(actor.state)) : AGAIN_MS);
      if (this.watches.get(actor.id) === watch) this.follow(actor);
    }
  }

  /** True when the variable is as it is wanted, and its rollout knows. */
  private async bring(watch: Watch<A>): Promise<boolean> {
    const { actor } = watch;
    let [refused, done]: (RampCommand['type'] | undefined)[] = [];
    for (let step = 0; step < MOST_STEPS && !this.stopped; step += 1) {
      const work = rampWork(actor.state);
      if (work === undefined) return true;
      watch.order = work.order;
      const sight = await this.port.look(work.ramp.fleet, work.ramp.spec.name);
      const command = commandFor(watch, work, sight);
      if (command === undefined) {
        await this.tell(actor, { type: 'rampSeen', seen: toldOf(work, sight) });
        return true;
      }
      const answer = await this.say(watch, work, command, done === command.type);
      if (answer.ok) {
        done = command.type;
        continue;
      }
      if (LATER.has(answer.code)) return this.later(actor, answer);
      // Somebody else was faster: what is there now may do. The same answer twice is meant.
      if (answer.code !== 'CONFLICT' || refused === command.type) {
        await this.tell(actor, { type: 'rampTrouble', words: `${command.type}: ${answer.message}` });
        return true;
      }
      refused = command.type;
    }
    return false;
  }

  /**
   * `again`: what was said already is wanted once more, for somebody has the variable go while its rollout is held. What
   * only halts is said anew then; anything else has had its one effect, so that what a person halted is never woken.
   */
  private async say(
    watch: Watch<A>,
    { ramp, wish, order }: RampWork,
    command: RampCommand,
    again: boolean,
  ): Promise<RampAnswer> {
    const anew = again && HALTS.has(command.type) ? `:${this.clock.now()}` : '';
    const answer = await this.port.say({
      fleet: ramp.fleet,
      variable: ramp.spec.name,
      command,
      reason: wish.words.slice(0, MAX_REASON),
      id: `ramp:${watch.actor.id}:${order}:${command.type}${anew}`,
    });
    if (answer.ok && 'spite' in command) watch.spited = order;
    return answer;
  }

  private later(actor: A, { message }: Extract<RampAnswer, { readonly ok: false }>): boolean {
    this.logger.warn({ rollout: actor.id, reason: message }, 'the variable of a ramp is not free now; trying again');
    return false;
  }

  private async tell(actor: A, input: RolloutInput): Promise<void> {
    if (this.stopped) return;
    await actor.submit(input, EXECUTOR, input.type === 'rampSeen' ? 'ramp:seen' : 'ramp:trouble');
  }
}

/** What a hotfix wakes it wakes once for each order. */
function commandFor(
  { spited }: { readonly spited: number | undefined },
  work: RampWork,
  sight: VariableSight | undefined,
): RampCommand | undefined {
  return nextCommand(work, sight) ?? (spited === work.order ? undefined : wakeHeld(work, sight));
}

function pauseOf(work: RampWork | undefined): number {
  if (work === undefined) return SELDOM_MS;
  const { schedule } = work.ramp.spec;
  const durationMs = schedule.kind === 'linear' ? schedule.durationMs : (schedule.points.at(-1)?.[0] ?? 0);
  return Math.min(SELDOM_MS, Math.max(OFTEN_MS, Math.round(durationMs / LOOKS)));
}
