import type { Msg, NatsConnection } from '@nats-io/nats-core';
import { isSluiceError, messageOf } from '@sluice/kernel';

import { parseJson } from './request-json.js';
import { type Log, type RunningService, silentLog } from './running-service.js';
import { InFlight } from './in-flight.js';

/** What a caller gets when its request was not answered by the handler. */
export interface ServeFailure {
  readonly ok: false;
  readonly code: string;
  readonly message: string;
  /** The same request may succeed later. */
  readonly retry: boolean;
}

export interface ServeJsonOptions<T> {
  /** Requests are shared between all who serve the subject with the same queue. */
  readonly queue?: string;
  /** More than this at once are answered BUSY; 1,024 when absent. */
  readonly maxInFlight?: number;
  /** How long `stop` waits for those that are being answered, in ms; 5 s when absent. */
  readonly drainMs?: number;
  /** Reads the request's bytes, e.g. a parser of contracts; JSON of any shape when absent. */
  readonly parse?: (bytes: Uint8Array) => T;
  readonly log?: Log;
}

/** What came: the body, and the subject that it came on. */
export type JsonHandler<T> = (body: T, subject: string) => unknown;

/**
 * Answers requests in plain JSON with what the handler returns. A SluiceError becomes {ok: false, code, message, retry:
 * false}; anything else that is thrown becomes INTERNAL and is logged. A message without a reply subject gets no answer.
 */
export function serveJson<T = unknown>(
  nats: NatsConnection,
  subject: string,
  handler: JsonHandler<T>,
  options: ServeJsonOptions<T> = {},
): RunningService {
  const { maxInFlight = 1_024, drainMs = 5_000, log = silentLog } = options;
  const parse = options.parse ?? ((bytes: Uint8Array) => parseJson(bytes) as T);
  const inFlight = new InFlight();
  const answer = async (message: Msg): Promise<void> => {
    let body: T;
    try {
      body = parse(message.data);
    } catch (error) {
      return respond(message, unreadable(error));
    }
    try {
      respond(message, await handler(body, message.subject));
    } catch (error) {
      respond(message, failureOf(error, message.subject, log));
    }
  };
  const callback = (error: Error | null, message: Msg): void => {
    if (error !== null) log.error({ subject, reason: error.message }, 'a subscription failed');
    else if (inFlight.size >= maxInFlight) respond(message, BUSY);
    else inFlight.add(answer(message));
  };
  const { queue } = options;
  const subscription = nats.subscribe(subject, queue === undefined ? { callback } : { queue, callback });
  return {
    name: `serve ${subject}`,
    stop: async () => {
      // Drains what the server has sent already; without a connection there is nothing to drain.
      await subscription.drain().catch(() => subscription.unsubscribe());
      await inFlight.settled(drainMs);
    },
  };
}

const BUSY: ServeFailure = { ok: false, code: 'BUSY', message: 'too much at once: try again in a moment', retry: true };

function respond(message: Msg, value: unknown): void {
  if (message.reply !== undefined && message.reply !== '') message.respond(JSON.stringify(value ?? null));
}

function unreadable(error: unknown): ServeFailure {
  if (isSluiceError(error)) return { ok: false, code: error.code, message: error.message, retry: false };
  return { ok: false, code: 'BAD_MESSAGE', message: 'the request is no JSON in UTF-8', retry: false };
}

function failureOf(error: unknown, subject: string, log: Log): ServeFailure {
  if (isSluiceError(error)) return { ok: false, code: error.code, message: error.message, retry: false };
  log.error({ subject, reason: messageOf(error) }, 'a request failed');
  const message = 'the request failed here: look into the log of this service';
  return { ok: false, code: 'INTERNAL', message, retry: true };
}
