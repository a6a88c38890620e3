import { sha256 } from '@sluice/contracts';

import { regressed } from '../errors.js';
import type { LogPlace } from '../port.js';
import type { ConnectionWatch } from './connection-watch.js';
import type { LogStream } from './log-stream.js';

/** What one follow knows of the log. */
export interface Seen {
  /** The last position that it has passed. */
  last: number;
  /** The last commit that it has yielded, or that its caller knew of. */
  place: LogPlace | undefined;
  /** Aborts when a loss is noticed, by whomever. */
  readonly era: AbortSignal;
}

/**
 * Whether the log still holds what was seen of it (design 4). A server that comes back with an older store may have
 * been written to since, so its length says little: the commit at the last place is compared by its hash.
 */
export class Continuity {
  readonly #log: LogStream;
  readonly #watch: ConnectionWatch;
  /** The last commit that was acknowledged here; a follow may be behind it. */
  #written: LogPlace | undefined;
  #checkedAt = 1;
  #era = new AbortController();

  constructor(log: LogStream, watch: ConnectionWatch) {
    this.#log = log;
    this.#watch = watch;
  }

  /** For a follow that begins now. */
  get era(): AbortSignal {
    return this.#era.signal;
  }

  wrote({ position, hash }: LogPlace): void {
    if (position > (this.#written?.position ?? 0)) this.#written = { position, hash };
  }

  /** Code LOG_REGRESSED when the log does not hold it; each follow that began before hears of a loss once. */
  async assertHolds(seen: Seen): Promise<void> {
    const { connections } = this.#watch;
    // Taken before the position is asked for: what is written meanwhile lies behind it.
    const written = this.#checkedAt === connections ? undefined : this.#written;
    const position = await this.#log.position();
    if (seen.era.aborted) throw regressed(seen.last, position);
    if (position < seen.last) this.#lost(seen.last, position);
    if (seen.place !== undefined) await this.#assertAt(seen.place, position);
    if (written !== undefined) await this.#assertAt(written, position);
    this.#checkedAt = connections;
  }

  async #assertAt({ position: at, hash }: LogPlace, position: number): Promise<void> {
    if (at === 0) return;
    const found = position < at ? undefined : await this.#log.at(at);
    // What was purged was archived: then the log went on, and did not go back.
    const holds = found === undefined ? position >= at : sha256(found.data) === hash;
    if (!holds) this.#lost(at, position);
  }

  #lost(seen: number, position: number): never {
    this.#written = undefined;
    const before = this.#era;
    this.#era = new AbortController();
    before.abort();
    throw regressed(seen, position);
  }
}
