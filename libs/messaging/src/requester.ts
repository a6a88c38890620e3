import { createInbox, type Msg, type NatsConnection, type Subscription } from '@nats-io/nats-core';

import { translateNatsError } from './nats-errors.js';
import { readAnswer, type RequestResult } from './request-json.js';

/** One request: its fields instead of closures over them, because there are so many. */
interface Waiting {
  readonly subject: string;
  readonly deadline: number;
  readonly parse: (bytes: Uint8Array) => unknown;
  readonly resolve: (result: RequestResult<never>) => void;
  readonly reject: (error: unknown) => void;
}

const NO_RESPONDERS = 503;

/**
 * Requests in great number, as plain JSON: one subscription takes all answers and one timer watches all deadlines,
 * which costs a fraction of a request of the client's own. All requests wait equally long, so those that were sent
 * first are due first.
 */
export class Requester {
  readonly #nats: NatsConnection;
  readonly #timeoutMs: number;
  readonly #inbox = createInbox();
  readonly #waiting = new Map<string, Waiting>();
  #subscription: Subscription | undefined;
  #timer: NodeJS.Timeout | undefined;
  #next = 0;

  constructor(nats: NatsConnection, timeoutMs: number) {
    this.#nats = nats;
    this.#timeoutMs = timeoutMs;
  }

  /** Codes as of requestJson, except that a forbidden subject shows as no answer (the connection tells its log). */
  request<T>(subject: string, json: string | Uint8Array, parse: (bytes: Uint8Array) => T): Promise<RequestResult<T>> {
    return new Promise<RequestResult<T>>((resolve, reject) => {
      const deadline = performance.now() + this.#timeoutMs;
      // What `parse` reads is what `resolve` takes: they come from one call.
      this.#send(json, { subject, deadline, parse, resolve, reject });
    });
  }

  #send(json: string | Uint8Array, waiting: Waiting): void {
    const { subject } = waiting;
    this.#next += 1;
    const token = this.#next.toString(36);
    try {
      if (this.#subscription === undefined) this.#subscription = this.#listen();
      this.#nats.publish(subject, json, { reply: `${this.#inbox}.${token}` });
    } catch (error) {
      waiting.reject(translateNatsError(error, `send a request to ${subject}`));
      return;
    }
    this.#waiting.set(token, waiting);
    if (this.#timer === undefined) this.#expireIn(this.#timeoutMs);
  }

  #listen(): Subscription {
    return this.#nats.subscribe(`${this.#inbox}.*`, {
      callback: (error, message) => (error === null ? this.#onAnswer(message) : this.#failAll(error)),
    });
  }

  /** An answer that comes after its deadline finds nobody waiting. */
  #onAnswer(message: Msg): void {
    const token = message.subject.slice(this.#inbox.length + 1);
    const waiting = this.#waiting.get(token);
    if (waiting === undefined) return;
    this.#waiting.delete(token);
    const { subject, parse, resolve, reject } = waiting;
    if (isNobody(message)) {
      resolve({ kind: 'unreachable' });
      return;
    }
    try {
      resolve({ kind: 'answer', value: readAnswer(subject, message.data, parse) as never });
    } catch (error) {
      reject(error);
    }
  }

  /** The server took the subscription away: a later request makes a new one. */
  #failAll(error: Error): void {
    this.#subscription = undefined;
    const all = [...this.#waiting.values()];
    this.#waiting.clear();
    for (const { subject, reject } of all) reject(translateNatsError(error, `hear the answer of ${subject}`));
  }

  /** A process that is done does not wait for answers. */
  #expireIn(ms: number): void {
    this.#timer = setTimeout(() => this.#expire(), ms).unref();
  }

  #expire(): void {
    this.#timer = undefined;
    const now = performance.now();
    for (const [token, { deadline, resolve }] of this.#waiting) {
      if (deadline > now) {
        this.#expireIn(deadline - now);
        return;
      }
      this.#waiting.delete(token);
      resolve({ kind: 'noAnswer' });
    }
  }
}

const isNobody = (message: Msg): boolean => message.data.length === 0 && message.headers?.code === NO_RESPONDERS;
