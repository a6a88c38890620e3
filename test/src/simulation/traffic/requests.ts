import type { WeightDocument } from '@sluice/contracts';
import type { Clock } from '@sluice/kernel';
import { headersFor, pickSide, SIDE_HEADER, sideOf } from '@sluice/side';
import type { Random } from '@sluice/testing';

import { SERVICES } from './autoscaler.js';

const EVERY_MS = 4_000;
/** Services read the document each for themselves, and some of them late. */
const MAX_BEHIND = 3;

interface Parts {
  readonly clock: Clock;
  readonly random: Random;
  /** The documents so far; the last one is in force. */
  readonly documents: () => readonly WeightDocument[];
  /** The side of a group that never had a document. */
  readonly firstSide: string;
  readonly isGone: (side: string) => boolean;
  readonly complain: (what: string) => void;
}

/** People who search: each request goes through all services, and sees one side (I9, SWB-06), which is there (SWB-07). */
export class Requests {
  count = 0;
  /** How long a request may last, ms. */
  longestMs = 60_000;
  private inFlight: { readonly side: string; readonly until: number }[] = [];

  constructor(private readonly parts: Parts) {
    this.next();
  }

  /** Requests that are under way on the side. */
  on(side: string): number {
    const now = this.parts.clock.now();
    this.inFlight = this.inFlight.filter(({ until }) => until > now);
    return this.inFlight.filter((each) => each.side === side).length;
  }

  private next(): void {
    const { clock, random } = this.parts;
    this.send(`request-${this.count}-${random.int(1_000_000)}`);
    clock.schedule(EVERY_MS, () => this.next());
  }

  private send(id: string): void {
    const { clock, random, complain, isGone } = this.parts;
    this.count += 1;
    const documents = this.parts.documents();
    const newest = documents.at(-1);
    const side = newest === undefined ? this.parts.firstSide : pickSide(newest, id);
    const seen = new Set([side]);
    // Behind the first service each has the header, and a document that may be older.
    for (const _ of SERVICES.slice(1)) {
      const known = documents[Math.max(0, documents.length - 1 - random.int(MAX_BEHIND))];
      if (known !== undefined) seen.add(sideOf(headersFor(side), known, id));
    }
    if (seen.size !== 1) complain(`I9: ${id} saw ${[...seen].join(' and ')} by ${SIDE_HEADER}`);
    if (newest !== undefined && newest.weights[side] === 0) complain(`I9: ${id} went to ${side}, which has nothing`);
    if (isGone(side)) complain(`SWB-07: ${id} went to side ${side}, which is retired`);
    this.inFlight.push({ side, until: clock.now() + random.int(this.longestMs) });
  }
}
