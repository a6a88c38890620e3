import type { Clock } from '@sluice/kernel';

import type { Called } from '../dependency/called.js';

/** What does not answer for so long is told. */
const TELL_AFTER_MS = 30_000;

/** Counts how long something has not worked. A refusal is told at once, silence when it lasts; both again when they last on. */
export class Trouble {
  private since: number | undefined;
  private toldAt: number | undefined;

  constructor(private readonly clock: Clock) {}

  over(): void {
    this.since = undefined;
    this.toldAt = undefined;
  }

  /** True when it is time to tell. */
  isDue({ kind }: Called<unknown>): boolean {
    const now = this.clock.now();
    this.since ??= now;
    const from = this.toldAt ?? (kind === 'refused' ? undefined : this.since);
    if (from !== undefined && now - from < TELL_AFTER_MS) return false;
    this.toldAt = now;
    return true;
  }
}

export const wordsOf = (called: Exclude<Called<unknown>, { readonly kind: 'done' }>): string =>
  called.kind === 'refused' ? called.message : called.words;
