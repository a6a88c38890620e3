import { jetstream } from '@nats-io/jetstream';
import { errors, type NatsConnection } from '@nats-io/nats-core';
import { STREAMS, SUBJECTS } from '@sluice/contracts';
import { messageOf, SluiceError } from '@sluice/kernel';

import { isNoResponders } from '../nats-errors.js';
import { requestJson } from '../request-json.js';

/** What is written down of a reader, before he gets anything. */
export interface AccessDraft {
  /** ULID; the same one is written once. */
  readonly id: string;
  /** ms since the epoch. */
  readonly at: number;
  /** `user:ana`: who he says he is, or whom his token names. */
  readonly by: string;
  /** His user on NATS as he says it, or his token (`token k-...`); '' when he has none. */
  readonly account: string;
  /** `export`, `read` over the API, or `prune`: what deletes from the archive is written down like what reads. */
  readonly what: 'export' | 'read' | 'prune';
  /** Of an export. */
  readonly format?: string;
  readonly filter?: object;
  /** Of the API: the operation, and what it was about. */
  readonly operation?: string;
  readonly subject?: string;
  /** Who he is to the server of NATS: of another account than the services. */
  readonly server?: { readonly account: string; readonly user: string; readonly host?: string };
}

/** Where it was written down. */
export interface Recorded {
  readonly stream: string;
  readonly position: number;
}

const ACK_MS = 5_000;

/** Writes it into the stream; acknowledged when it resolves. Code ACCESS_NOT_RECORDED. */
export async function writeAccess(nats: NatsConnection, draft: AccessDraft, ackMs = ACK_MS): Promise<Recorded> {
  try {
    const text = JSON.stringify({ v: 1, ...draft });
    const { seq } = await jetstream(nats).publish(SUBJECTS.access, text, { msgID: draft.id, timeout: ackMs });
    return { stream: STREAMS.access, position: seq };
  } catch (cause) {
    throw notRecorded(messageOf(cause), cause);
  }
}

/**
 * The same for whoever may not write it: a service of CORE does, with who asks as the server says it. Code
 * ACCESS_NOT_RECORDED.
 */
export async function recordAccess(nats: NatsConnection, draft: AccessDraft): Promise<Recorded> {
  try {
    return await writeAccess(nats, draft);
  } catch (error) {
    if (!isForbidden(error)) throw error;
  }
  const body = { v: 1, ...draft };
  const asked = await requestJson(nats, SUBJECTS.auditorsAccessRecord, body, { timeoutMs: 2 * ACK_MS }).catch(
    (cause: unknown) => {
      throw notRecorded(messageOf(cause), cause);
    },
  );
  if (asked.kind !== 'answer') throw notRecorded('no service takes it: is a gateway running?');
  const answer = asked.value as Partial<Recorded> & { readonly message?: string };
  if (answer.stream === undefined || answer.position === undefined)
    throw notRecorded(answer.message ?? 'it was refused');
  return { stream: answer.stream, position: answer.position };
}

/** Not of the account of the services, or of one in which there is no such stream. */
function isForbidden(error: unknown): boolean {
  const cause = error instanceof Error ? error.cause : undefined;
  const isPermission = (of: unknown): boolean => of instanceof errors.PermissionViolationError;
  return isNoResponders(cause) || isPermission(cause) || (cause instanceof Error && isPermission(cause.cause));
}

export const notRecorded = (why: string, cause?: unknown): SluiceError =>
  new SluiceError(
    'ACCESS_NOT_RECORDED',
    `it cannot be recorded who reads this, so it is not told: ${why}`,
    {},
    cause === undefined ? {} : { cause },
  );
