import type { NatsConnection } from '@nats-io/nats-core';
import { STREAMS } from '@sluice/contracts';
import { type Clock, messageOf } from '@sluice/kernel';
import { type AccessDraft, writeAccess } from '@sluice/messaging';
import type { Logger } from '@sluice/observability';

import { refuse } from '../problems/problem.js';
import type { Principal } from './principal.js';

/**
 * Of what each reader is recorded. `first`: what leaves for auditors is not told before the record stands. `beside`: what
 * people need while something is on fire is told at once, whatever becomes of the record.
 */
export const RECORDED: ReadonlyMap<string, 'first' | 'beside'> = new Map([
  ['getRecord', 'first'],
  ['listEvents', 'beside'],
  ['listGroupEvents', 'beside'],
  ['getReport', 'beside'],
  ['listVerdicts', 'beside'],
  ['listDecisions', 'beside'],
  ['getStepOutput', 'beside'],
]);

/** A read that was recorded once is not again for so long: a page that asks every second is one reader. */
const ONCE_IN_MS = 15 * 60_000;
/** Readers that are remembered; the one who was recorded first is forgotten, and recorded once more. */
const MAX_REMEMBERED = 10_000;

/** How long a reader waits for the record of it. */
const RECORDED_MS = 2_000;
/** That records are lost is said once in so long. */
const COMPLAIN_MS = 60_000;

export interface ReadsParts {
  readonly clock: Clock;
  readonly newId: () => string;
  readonly logger: Pick<Logger, 'warn'>;
  /** Acknowledged when it resolves. Code ACCESS_NOT_RECORDED. */
  readonly write: (draft: AccessDraft) => Promise<unknown>;
}

/**
 * Writes down who reads history, decisions, reports and records over the API: once in a quarter of an hour for each token,
 * operation and rollout.
 */
export class Reads {
  /** By reader and what he reads: when, and the record of it while that is under way. */
  readonly #known = new Map<string, { readonly at: number; readonly written: Promise<unknown> }>();
  #complained = -Infinity;

  constructor(private readonly parts: ReadsParts) {}

  /** Resolves when it may be told. Code ACCESS_NOT_RECORDED. */
  async record(reader: Principal, operation: string, subject: string | undefined): Promise<void> {
    const how = RECORDED.get(operation);
    if (how === undefined) return;
    const written = this.#written(reader, operation, subject);
    if (how === 'beside') {
      written.catch((error: unknown) => this.#complain(error));
      return;
    }
    await written.catch(() => {
      const words = 'who reads it cannot be recorded, so it is not told: try again in a moment; sluice doctor says why';
      throw refuse('ACCESS_NOT_RECORDED', words);
    });
  }

  /** Resolves when it is recorded, now or a short while ago. */
  #written({ actor, key }: Principal, operation: string, subject: string | undefined): Promise<unknown> {
    const { clock, newId, write } = this.parts;
    const name = JSON.stringify([key, actor, operation, subject]);
    const now = clock.now();
    const known = this.#known.get(name);
    if (known !== undefined && now - known.at < ONCE_IN_MS) return known.written;
    const by = `${actor.kind}:${actor.id}`;
    const about = subject === undefined ? {} : { subject };
    const written = write({ id: newId(), at: now, by, account: key, what: 'read', operation, ...about });
    // To the end of the list: who is forgotten is who was recorded longest ago.
    this.#known.delete(name);
    this.#known.set(name, { at: now, written });
    const [oldest = ''] = this.#known.keys();
    if (this.#known.size > MAX_REMEMBERED) this.#known.delete(oldest);
    written.catch(() => {
      if (this.#known.get(name)?.written === written) this.#known.delete(name);
    });
    return written;
  }

  #complain(error: unknown): void {
    const now = this.parts.clock.now();
    if (now - this.#complained < COMPLAIN_MS) return;
    this.#complained = now;
    this.parts.logger.warn(
      { stream: STREAMS.access, reason: messageOf(error) },
      'who reads history cannot be recorded',
    );
  }
}

/** Into the stream of accesses. */
export const recordedReads = ({
  nats,
  ...parts
}: Omit<ReadsParts, 'write'> & { readonly nats: NatsConnection }): Reads =>
  new Reads({ ...parts, write: (draft) => writeAccess(nats, draft, RECORDED_MS) });
