import type { Finding } from './findings.js';

/** Clocks that differ by less are told by nobody: services are no closer to one another than NTP brings them. */
const SKEW_MS = 5_000;

interface Skew {
  readonly position: number;
  readonly stream: string;
  readonly rev: number;
  readonly against: string;
  count: number;
  ms: number;
}

/**
 * Whether the clocks of the writing services agree: what stands later in the log was written later. Which of two clocks
 * is wrong nobody can say from here; how far they are apart is told once for each writer.
 */
export class ClockCheck {
  readonly #skews = new Map<string, Skew>();
  #latest = 0;
  #by = '';

  /** `at`: ms since the epoch. */
  saw(stream: string, rev: number, { at, position }: { readonly at: number; readonly position: number }): void {
    if (at >= this.#latest) {
      this.#latest = at;
      this.#by = stream;
      return;
    }
    const ms = this.#latest - at;
    if (ms <= SKEW_MS) return;
    const writer = stream.slice(0, stream.indexOf('.'));
    const known = this.#skews.get(writer);
    if (known === undefined) this.#skews.set(writer, { position, stream, rev, against: this.#by, count: 1, ms });
    else {
      known.count += 1;
      known.ms = Math.max(known.ms, ms);
    }
  }

  /** One for each writer, in the order of the log. */
  warnings(): readonly Finding[] {
    return [...this.#skews].map(([writer, { position, stream, rev, against, count, ms }]) => ({
      ...{ code: 'CLOCK_SKEW', stream, rev, position },
      words: `${count} commits of ${writer} are up to ${ms} ms older than what stands before them (here: than ${against}): two clocks disagree, and times of either are no better than that`,
    }));
  }
}
