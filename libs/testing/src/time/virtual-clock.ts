import { type CancelTimer, type Clock, invariant, SluiceError } from '@sluice/kernel';

import { MinHeap } from './min-heap.js';

interface Timer {
  at: number;
  /** Timers of one instant fire in the order in which they were asked for. */
  readonly order: number;
  fire: (() => void) | undefined;
}

/** Where a virtual day begins unless a test says otherwise: 2026-01-01T00:00:00Z. */
export const VIRTUAL_EPOCH = Date.UTC(2026, 0, 1);

/** Timers at one and the same instant before the clock calls it a loop. */
const MAX_TURNS_AT_ONCE = 100_000;

export interface RunLimits {
  /** Virtual ms from now; a day by default. */
  readonly withinMs?: number;
}

/**
 * A Clock whose time passes only when it is told to, hour by hour in no time. Between two timers it lets every promise
 * that is ready go on, so one run with the same inputs is always the same run.
 */
export class VirtualClock implements Clock {
  private readonly timers = new MinHeap<Timer>((a, b) => a.at - b.at || a.order - b.order);
  private order = 0;
  private live = 0;

  constructor(private time: number = VIRTUAL_EPOCH) {}

  now(): number {
    return this.time;
  }

  /** Timers that have neither fired nor been cancelled. */
  get pending(): number {
    return this.live;
  }

  schedule(delayMs: number, fire: () => void): CancelTimer {
    invariant(!Number.isNaN(delayMs), 'a timer needs a delay in ms');
    const timer: Timer = { at: this.time + Math.max(0, delayMs), order: (this.order += 1), fire };
    this.timers.push(timer);
    this.live += 1;
    return () => {
      if (timer.fire !== undefined) this.live -= 1;
      timer.fire = undefined;
    };
  }

  /** Lets that much time pass, with everything that falls due in it. */
  async advance(ms: number): Promise<void> {
    const until = this.time + ms;
    await this.runUntil(() => false, { withinMs: ms });
    this.time = Math.max(this.time, until);
  }

  /**
   * Lets time pass until the predicate holds; it is asked between instants. False when the time ran out before, or
   * when nothing is left that could ever happen.
   */
  async runUntil(predicate: () => boolean, { withinMs = 86_400_000 }: RunLimits = {}): Promise<boolean> {
    const until = this.time + withinMs;
    await turn();
    while (!predicate()) {
      const next = this.next();
      if (next === undefined || next.at > until) return false;
      this.time = Math.max(this.time, next.at);
      await this.fireDue();
    }
    return true;
  }

  /** Moves the clock like an operator or a broken time server does: no timer fires, later ones keep their distance. */
  jump(ms: number): void {
    const moved: Timer[] = [];
    for (let timer = this.timers.pop(); timer !== undefined; timer = this.timers.pop()) moved.push(timer);
    this.time += ms;
    for (const timer of moved) {
      timer.at += ms;
      this.timers.push(timer);
    }
  }

  private next(): Timer | undefined {
    while (this.timers.peek() !== undefined && this.timers.peek()?.fire === undefined) this.timers.pop();
    return this.timers.peek();
  }

  /** All timers of this instant, those that they ask for at once too. */
  private async fireDue(): Promise<void> {
    for (let turns = 0; turns < MAX_TURNS_AT_ONCE; turns += 1) {
      const due: Timer[] = [];
      for (let timer = this.next(); timer !== undefined && timer.at <= this.time; timer = this.next()) {
        this.timers.pop();
        due.push(timer);
      }
      if (due.length === 0) return;
      due.forEach((timer) => this.fire(timer));
      await turn();
    }
    throw new SluiceError(
      'VIRTUAL_LOOP',
      `timers keep falling due at ${this.time}: something asks again at once for ever`,
    );
  }

  private fire(timer: Timer): void {
    const { fire } = timer;
    if (fire === undefined) return;
    timer.fire = undefined;
    this.live -= 1;
    fire();
  }
}

/** One turn of the event loop: by then every promise that could go on has gone on. */
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
