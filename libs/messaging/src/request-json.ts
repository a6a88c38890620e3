import type { NatsConnection } from '@nats-io/nats-core';
import { messageOf, SluiceError } from '@sluice/kernel';

import { isNoResponders, isTimeout, translateNatsError } from './nats-errors.js';

/** What became of a request. `unreachable`: nobody listens, known at once. `noAnswer`: it may have been received. */
export type RequestResult<T> =
  { readonly kind: 'answer'; readonly value: T } | { readonly kind: 'unreachable' } | { readonly kind: 'noAnswer' };

export interface RequestJsonOptions<T> {
  readonly timeoutMs: number;
  /** Reads the answer's bytes, e.g. a parser of contracts; JSON of any shape when absent. */
  readonly parse?: (bytes: Uint8Array) => T;
}

/**
 * One request and its answer as plain JSON. Codes: BAD_ANSWER (the answer is not what `parse` reads), NATS_UNAVAILABLE
 * (this connection is closed), NATS_FORBIDDEN.
 */
export async function requestJson<T = unknown>(
  nats: NatsConnection,
  subject: string,
  body: unknown,
  options: RequestJsonOptions<T>,
): Promise<RequestResult<T>> {
  let bytes: Uint8Array;
  try {
    bytes = (await nats.request(subject, JSON.stringify(body), { timeout: options.timeoutMs })).data;
  } catch (error) {
    if (isNoResponders(error)) return { kind: 'unreachable' };
    if (isTimeout(error)) return { kind: 'noAnswer' };
    throw translateNatsError(error, `send a request to ${subject}`);
  }
  return { kind: 'answer', value: readAnswer(subject, bytes, options.parse) };
}

/** Code BAD_ANSWER when `parse` cannot read it. */
export function readAnswer<T>(subject: string, bytes: Uint8Array, parse?: (bytes: Uint8Array) => T): T {
  try {
    return parse === undefined ? (parseJson(bytes) as T) : parse(bytes);
  } catch (cause) {
    const message = `the answer from ${subject} cannot be read: ${messageOf(cause)}; both sides must be of versions that fit`;
    throw new SluiceError('BAD_ANSWER', message, { subject }, { cause });
  }
}

const decoder = new TextDecoder('utf-8', { fatal: true });

export const parseJson = (bytes: Uint8Array): unknown => JSON.parse(decoder.decode(bytes)) as unknown;
