import { streamKey, type StreamHead, type StreamName } from '@sluice/contracts';

import { idReused } from '../errors.js';

const MAX_IDS = 20_000;

/**
 * Where this process put its latest commits. KurrentDB knows an id again only at its own place in its own stream, so a
 * commit id used for two places would be written twice: this finds such a fault of the writer, within its bound.
 */
export class PlacedIds {
  readonly #places = new Map<string, string>();

  /** Whether that commit was sent to that place before. Code INVARIANT_BROKEN when it was sent to another. */
  knows(id: string, stream: StreamName, expected: StreamHead): boolean {
    const place = this.#places.get(id);
    if (place !== undefined && place !== placeOf(stream, expected)) throw idReused(id);
    return place !== undefined;
  }

  add(id: string, stream: StreamName, expected: StreamHead): void {
    this.#places.set(id, placeOf(stream, expected));
    if (this.#places.size <= MAX_IDS) return;
    const [oldest] = this.#places.keys();
    if (oldest !== undefined) this.#places.delete(oldest);
  }

  /** Nothing was written: the id may be used elsewhere. */
  remove(id: string): void {
    this.#places.delete(id);
  }
}

const placeOf = (stream: StreamName, expected: StreamHead): string => `${streamKey(stream)}@${expected.rev}`;
