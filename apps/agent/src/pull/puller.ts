import { messageOf } from '@sluice/kernel';
import type { Clock } from '@sluice/kernel';
import type { Logger } from '@sluice/observability';

type Scalar = string | number | boolean;

/** What a host is to have: flat. */
export type Values = Readonly<Record<string, Scalar>>;

/** An answer of the gateway; `same`: nothing has changed since that ETag. */
export type Told =
  { readonly kind: 'values'; readonly etag: string; readonly values: Values } | { readonly kind: 'same' };

export interface Known {
  readonly etag: string;
  readonly values: Values;
}

export interface PullerParts {
  /** Throws when nobody answers, or not with values. `actual`: what the host has, by variable. */
  readonly ask: (etag: string | undefined, actual: Values | undefined) => Promise<Told>;
  /** Makes the values this host's wanted ones; survives a crash, whole or not at all. */
  readonly keep: (known: Known) => Promise<void>;
  /** Brings the host there. Throws when it did not get there. */
  readonly converge: (values: Values) => Promise<void>;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly everyMs: number;
  /** What was kept before the last start, and what of it the host had reached. */
  readonly known?: Known | undefined;
  readonly reached?: Values | undefined;
  readonly reach: (values: Values) => Promise<void>;
}

const LONGEST_BACK_OFF = 8;

/**
 * Asks what this host is to have, again and again, and brings it there. Whatever fails, the host keeps what it has: only
 * an answer changes what is wanted, and nothing that is kept is ever given up for none (TSU-17).
 */
export class Puller {
  private known: Known | undefined;
  private reached: Values | undefined;
  private failures = 0;
  private stopped = false;
  private wake = (): void => {};

  constructor(private readonly parts: PullerParts) {
    this.known = parts.known;
    this.reached = parts.reached;
  }

  /** Until it is stopped. */
  async run(): Promise<void> {
    while (!this.stopped) {
      await this.once();
      await this.pause();
    }
  }

  /** One question, and what follows from its answer. False when it was not answered, or the host did not get there. */
  async once(): Promise<boolean> {
    const isDone = (await this.pull()) && (await this.converged());
    this.failures = isDone ? 0 : Math.min(this.failures + 1, LONGEST_BACK_OFF);
    return isDone;
  }

  stop(): void {
    this.stopped = true;
    this.wake();
  }

  private async pull(): Promise<boolean> {
    try {
      const told = await this.parts.ask(this.known?.etag, this.reached);
      if (told.kind === 'same') return true;
      const known = { etag: told.etag, values: told.values };
      await this.parts.keep(known);
      this.known = known;
      return true;
    } catch (error) {
      this.parts.logger.warn({ reason: messageOf(error) }, 'the desired state was not answered: what is known holds');
      return false;
    }
  }

  /** A hook that failed is tried again with the next question, whether or not anything is new. */
  private async converged(): Promise<boolean> {
    const { known } = this;
    if (known === undefined || same(known.values, this.reached)) return true;
    try {
      await this.parts.converge(known.values);
      this.reached = known.values;
      await this.parts.reach(known.values);
      return true;
    } catch (error) {
      this.parts.logger.warn({ reason: messageOf(error) }, 'the host did not get to its desired state: tried again');
      return false;
    }
  }

  /** A tenth more or less, so that hosts that started together do not ask together for ever. */
  private async pause(): Promise<void> {
    const { clock, everyMs } = this.parts;
    const ms = everyMs * 2 ** Math.max(0, this.failures - 2) * (0.9 + Math.random() * 0.2);
    if (this.stopped) return;
    await new Promise<void>((resolve) => {
      const cancel = clock.schedule(Math.min(ms, everyMs * LONGEST_BACK_OFF), resolve);
      this.wake = () => {
        cancel();
        resolve();
      };
    });
  }
}

function same(a: Values, b: Values | undefined): boolean {
  if (b === undefined) return false;
  const names = Object.keys(a);
  return names.length === Object.keys(b).length && names.every((name) => a[name] === b[name]);
}
