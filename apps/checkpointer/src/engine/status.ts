import { isSluiceError, messageOf } from '@sluice/kernel';

import { isRefusal } from './refusal.js';

/** How the checkpointer stands, as others may ask it. */
export interface CheckpointerStatus {
  /** Commits of the last checkpoint, and when it was signed (ms since the epoch); absent before the first. */
  readonly size?: number;
  readonly at?: number;
  readonly everyMs: number;
  /** Why nothing is signed any more. */
  readonly refused?: { readonly code: string; readonly words: string };
  /** Turns in a row that came to nothing, and the code of the last one. */
  readonly late?: { readonly turns: number; readonly code: string };
}

/** What its turns came to. */
export class Turns {
  #size: number | undefined;
  #at: number | undefined;
  #refused: CheckpointerStatus['refused'];
  #late: CheckpointerStatus['late'];
  /** Told of each turn that came to nothing. */
  counted: (kind: 'refusal' | 'failure', code: string) => void = () => {};

  constructor(private readonly everyMs: number) {}

  /** One that an earlier process signed as well. */
  signed(size: number, at: number): void {
    this.#size = size;
    this.#at = at;
  }

  /** Nothing stands against it now; an empty log is not signed. */
  ended(): void {
    this.#refused = undefined;
    this.#late = undefined;
  }

  failed(error: unknown): { readonly code: string; readonly reason: string; readonly isRefused: boolean } {
    const reason = messageOf(error);
    const code = isSluiceError(error) ? error.code : 'UNEXPECTED';
    const isRefused = isSluiceError(error) && isRefusal(error);
    this.counted(isRefused ? 'refusal' : 'failure', code);
    this.#refused = isRefused ? { code, words: reason } : undefined;
    this.#late = isRefused ? undefined : { turns: (this.#late?.turns ?? 0) + 1, code };
    return { code, reason, isRefused };
  }

  get status(): CheckpointerStatus {
    return {
      ...(this.#size === undefined || this.#at === undefined ? {} : { size: this.#size, at: this.#at }),
      everyMs: this.everyMs,
      ...(this.#refused === undefined ? {} : { refused: this.#refused }),
      ...(this.#late === undefined ? {} : { late: this.#late }),
    };
  }
}
