import type { ServiceCapacity } from '@sluice/contracts';
import { type Clock, isSluiceError, messageOf } from '@sluice/kernel';

import { EXECUTOR } from '../actors/rollout-actor.js';
import { Slots } from '../balancer/slots.js';
import { Timers } from '../course/timers.js';
import type { EngineLogger } from '../ports.js';
import type { SidesPort } from './ports.js';
import { Trouble, wordsOf } from './trouble.js';
import type { ShiftActor, ShiftView, ViewOf } from './view.js';

/** Rollouts that are looked at at once. */
const MAX_AT_ONCE = 16;
const AWAITED_MS = 1_000;
const CALM_MS = 5_000;

interface Poll<A> {
  actor: A;
  lastAt: number;
  busy: boolean;
  readonly trouble: Trouble;
}

/** Looks at the sides of open shifts, at one rollout once at a time, and tells what has changed. */
export class Looking<A extends ShiftActor> {
  private readonly polls = new Map<string, Poll<A>>();
  private readonly timers: Timers;
  private readonly slots = new Slots(MAX_AT_ONCE);
  private stopped = false;

  constructor(
    private readonly sides: SidesPort,
    private readonly viewOf: ViewOf<A>,
    private readonly clock: Clock,
    private readonly logger: EngineLogger,
  ) {
    this.timers = new Timers(clock);
  }

  /** Sets when it is looked at next. */
  follow(actor: A): void {
    const view = this.stopped ? undefined : this.viewOf(actor);
    if (view === undefined || view.work.look.length === 0) return this.forget(actor.id);
    const poll = this.pollOf(actor);
    if (poll.busy) return;
    const isUrgent = view.awaited || view.work.look.some((side) => !view.seen.has(side));
    const at = poll.lastAt + (isUrgent ? AWAITED_MS : CALM_MS);
    this.timers.set(actor.id, Math.max(at, this.clock.now()), () => void this.look(poll));
  }

  forget(id: string): void {
    this.timers.clear(id);
    this.polls.delete(id);
  }

  stop(): void {
    this.stopped = true;
    this.timers.clearAll();
    this.polls.clear();
  }

  private pollOf(actor: A): Poll<A> {
    const known = this.polls.get(actor.id);
    const poll = known ?? { actor, lastAt: 0, busy: false, trouble: new Trouble(this.clock) };
    poll.actor = actor;
    this.polls.set(actor.id, poll);
    return poll;
  }

  private async look(poll: Poll<A>): Promise<void> {
    const { actor } = poll;
    poll.busy = true;
    try {
      await this.slots.use(() => this.lookAtAll(poll));
    } catch (error) {
      if (!isSluiceError(error, 'STOPPING'))
        this.logger.warn({ rollout: actor.id, reason: messageOf(error) }, 'a look at the sides broke off');
    } finally {
      poll.busy = false;
      poll.lastAt = this.clock.now();
      if (this.polls.get(actor.id) === poll) this.follow(poll.actor);
    }
  }

  private async lookAtAll(poll: Poll<A>): Promise<void> {
    for (const side of this.viewOf(poll.actor)?.work.look ?? []) {
      const view = this.viewOf(poll.actor);
      if (this.stopped || view === undefined || !(await this.lookAt(poll, side, view))) return;
    }
    poll.trouble.over();
  }

  /** False when it could not be seen. */
  private async lookAt(poll: Poll<A>, side: string, view: ShiftView): Promise<boolean> {
    const { actor, trouble } = poll;
    const place = view.side(side);
    const called = await this.sides.look(place);
    if (this.stopped) return false;
    if (called.kind === 'done') {
      const services = inOrder(place.services, called.value);
      if (!isSame(services, this.viewOf(actor)?.seen.get(side)))
        await actor.submit({ type: 'sideSeen', side, services }, EXECUTOR, `traffic:seen:${side}`);
      return true;
    }
    if (trouble.isDue(called) && !view.ending) {
      const words = `side ${side} cannot be seen: ${wordsOf(called)}`.slice(0, 400);
      this.logger.warn({ rollout: actor.id, side, reason: words }, 'the capacity of a side is not known');
      const input = { type: 'trafficTrouble', dependency: place.capacity, words } as const;
      await actor.submit(input, EXECUTOR, `traffic:trouble:${place.capacity}`);
    }
    return false;
  }
}

/** As the plan names them, so that the same facts are the same document. What is not told of is not there. */
const inOrder = (
  services: readonly { readonly name: string }[],
  seen: readonly ServiceCapacity[],
): readonly ServiceCapacity[] =>
  services.map(({ name }) => {
    const found = seen.find(({ service }) => service === name);
    const { desired = 0, created = 0, ready = 0 } = found ?? {};
    return { service: name, desired, created, ready };
  });

const isSame = (seen: readonly ServiceCapacity[], known: readonly ServiceCapacity[] | undefined): boolean =>
  known?.length === seen.length &&
  seen.every((one, i) => {
    const other = known[i];
    return (
      other?.service === one.service &&
      other.desired === one.desired &&
      other.created === one.created &&
      other.ready === one.ready
    );
  });
