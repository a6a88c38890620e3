import type { NatsConnection } from '@nats-io/nats-core';
import type { Clock } from '@sluice/kernel';
import { type AccessDraft, writeAccess } from '@sluice/messaging';

import { refuse } from '../problems/problem.js';
import type { Principal } from './principal.js';

/** What auditors read: each reader of it is recorded. */
export const RECORDED: ReadonlySet<string> = new Set([
  'listEvents',
  'listGroupEvents',
  'getReport',
  'getRecord',
  'listVerdicts',
  'listDecisions',
  'getStepOutput',
]);

/** A read that was recorded once is not again for so long: a page that asks every second is one reader. */
const ONCE_IN_MS = 15 * 60_000;
/** Readers that are remembered; the one who was recorded first is forgotten, and recorded once more. */
const MAX_REMEMBERED = 10_000;

/** How long a reader waits for the record of it. */
const RECORDED_MS = 2_000;

export interface ReadsParts {
  readonly clock: Clock;
  readonly newId: () => string;
  /** Acknowledged when it resolves. Code ACCESS_NOT_RECORDED. */
  readonly write: (draft: AccessDraft) => Promise<unknown>;
}

/**
 * Writes down who reads history, decisions, reports and records over the API: once in a quarter of an hour for each token,
 * operation and rollout. What cannot be recorded is not told.
 */
export class Reads {
  /** By reader and what he reads: when, and the record of it while that is under way. */
  readonly #known = new Map<string, { readonly at: number; readonly written: Promise<unknown> }>();

  constructor(private readonly parts: ReadsParts) {}

  /** Resolves when it is recorded. Code ACCESS_NOT_RECORDED. */
  async record({ actor, key }: Principal, operation: string, subject: string | undefined): Promise<void> {
    if (!RECORDED.has(operation)) return;
    const { clock, newId, write } = this.parts;
    const name = JSON.stringify([key, actor, operation, subject]);
    const now = clock.now();
    const known = this.#known.get(name);
    if (known !== undefined && now - known.at < ONCE_IN_MS) return this.#settled(name, known.written);
    const by = `${actor.kind}:${actor.id}`;
    const about = subject === undefined ? {} : { subject };
    const written = write({ id: newId(), at: now, by, account: key, what: 'read', operation, ...about });
    // To the end of the list: who is forgotten is who was recorded longest ago.
    this.#known.delete(name);
    this.#known.set(name, { at: now, written });
    const [oldest = ''] = this.#known.keys();
    if (this.#known.size > MAX_REMEMBERED) this.#known.delete(oldest);
    await this.#settled(name, written);
  }

  async #settled(name: string, written: Promise<unknown>): Promise<void> {
    try {
      await written;
    } catch {
      if (this.#known.get(name)?.written === written) this.#known.delete(name);
      const words = 'who reads it cannot be recorded, so it is not told: try again in a moment; sluice doctor says why';
      throw refuse('ACCESS_NOT_RECORDED', words);
    }
  }
}

/** Into the stream of accesses. */
export const recordedReads = ({
  nats,
  clock,
  newId,
}: Omit<ReadsParts, 'write'> & { readonly nats: NatsConnection }): Reads =>
  new Reads({ clock, newId, write: (draft) => writeAccess(nats, draft, RECORDED_MS) });
