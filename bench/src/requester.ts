import { createInbox, type Msg, type NatsConnection } from '@nats-io/nats-core';

/**
 * Requests over one subscription with nothing around them: no promise, no timer, no stack trace per request. The
 * answer comes as the message; one without a responder has the status 503 and no data.
 */
export class Requester {
  private readonly inbox = createInbox();
  private readonly waiting = new Map<string, (answer: Msg) => void>();
  private next = 0;

  constructor(private readonly nats: NatsConnection) {
    nats.subscribe(`${this.inbox}.*`, { callback: (_, message) => this.onAnswer(message) });
  }

  request(subject: string, data: Uint8Array | string, onAnswer: (answer: Msg) => void): void {
    this.next += 1;
    const token = String(this.next);
    this.waiting.set(token, onAnswer);
    this.nats.publish(subject, data, { reply: `${this.inbox}.${token}` });
  }

  private onAnswer(message: Msg): void {
    const token = message.subject.slice(this.inbox.length + 1);
    const onAnswer = this.waiting.get(token);
    this.waiting.delete(token);
    onAnswer?.(message);
  }
}
