import { createInbox, type Msg, type NatsConnection, type Subscription } from '@nats-io/nats-core';

import { translateNatsError } from './nats-errors.js';
import { readAnswer, type RequestResult } from './request-json.js';

interface Waiting {
  readonly subject: string;
  readonly deadline: number;
  readonly answered: (message: Msg) => void;
  readonly expired: () => void;
  readonly failed: (error: unknown) => void;
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
  request<T>(subject: string, json: string, parse: (bytes: Uint8Array) => T): Promise<RequestResult<T>> {
    return new Promise((resolve, reject) => {
      this.#send(subject, json, {
        subject,
        deadline: performance.now() + this.#timeoutMs,
        answered: (message) => {
          if (isNobody(message)) resolve({ kind: 'unreachable' });
          else resolve({ kind: 'answer', value: readAnswer(subject, message.data, parse) });
        },
        expired: () => resolve({ kind: 'noAnswer' }),
        failed: reject,
      });
    });
  }

  #send(subject: string, json: string, waiting: Waiting): void {
    this.#next += 1;
    const token = this.#next.toString(36);
    try {
      this.#subscription ??= this.#nats.subscribe(`${this.#inbox}.*`, {
        callback: (error, message) => (error === null ? this.#onAnswer(message) : this.#failAll(error)),
      });
      this.#nats.publish(subject, json, { reply: `${this.#inbox}.${token}` });
    } catch (error) {
      waiting.failed(translateNatsError(error, `send a request to ${subject}`));
      return;
    }
    this.#waiting.set(token, waiting);
    this.#timer ??= setTimeout(() => this.#expire(), this.#timeoutMs);
  }

  /** An answer that comes after its deadline finds nobody waiting. */
  #onAnswer(message: Msg): void {
    const token = message.subject.slice(this.#inbox.length + 1);
    const waiting = this.#waiting.get(token);
    if (waiting === undefined) return;
    this.#waiting.delete(token);
    try {
      waiting.answered(message);
    } catch (error) {
      waiting.failed(error);
    }
  }

  /** The server took the subscription away: a later request makes a new one. */
  #failAll(error: Error): void {
    this.#subscription = undefined;
    const all = [...this.#waiting.values()];
    this.#waiting.clear();
    for (const { subject, failed } of all) failed(translateNatsError(error, `hear the answer of ${subject}`));
  }

  #expire(): void {
    this.#timer = undefined;
    const now = performance.now();
    for (const [token, { deadline, expired }] of this.#waiting) {
      if (deadline > now) {
        this.#timer = setTimeout(() => this.#expire(), deadline - now);
        return;
      }
      this.#waiting.delete(token);
      expired();
    }
  }
}

const isNobody = (message: Msg): boolean => message.data.length === 0 && message.headers?.code === NO_RESPONDERS;
