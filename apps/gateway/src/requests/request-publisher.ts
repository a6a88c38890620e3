import { jetstream } from '@nats-io/jetstream';
import type { NatsConnection, Subscription } from '@nats-io/nats-core';

import { encodeToken, type RequestOutcome, SUBJECTS } from '@sluice/contracts';
import type { Clock } from '@sluice/kernel';
import { translateNatsError } from '@sluice/messaging';

import { ProblemError, refuse } from '../problems/problem.js';
import type { Document } from './document.js';
import { MAX_REQUEST_BYTES, outcomeNames } from './outcome-names.js';

export interface RequestPublisherParts {
  readonly nats: NatsConnection;
  readonly clock: Clock;
  readonly ackMs: number;
  readonly outcomeMs: number;
}

export interface Published {
  readonly requestId: string;
  /** Undefined when it did not come in time: the request is safe and its outcome comes later. */
  readonly outcome: RequestOutcome | undefined;
}

const encoder = new TextEncoder();

/** Puts deploy requests into the work queue; the ack means that it will not be lost. */
export class RequestPublisher {
  constructor(private readonly parts: RequestPublisherParts) {}

  /** Codes: MESSAGE_TOO_LARGE, NATS_UNAVAILABLE (not known whether it was taken: the same document again is safe). */
  async publish(document: Document): Promise<Published> {
    const bytes = encoder.encode(JSON.stringify(document));
    if (bytes.length > MAX_REQUEST_BYTES) {
      throw refuse('MESSAGE_TOO_LARGE', `the document has ${bytes.length} bytes as JSON; at most 256 KiB are taken`);
    }
    const names = outcomeNames(document, bytes);
    // Subscribed before it is published: the planner may be faster than we are.
    const answers = new Answers(this.parts.nats, names);
    try {
      await this.send(document, bytes);
      return { requestId: names[0] ?? '', outcome: await this.outcomeOf(answers) };
    } finally {
      answers.close();
    }
  }

  private async send(document: Document, bytes: Uint8Array): Promise<void> {
    try {
      await jetstream(this.parts.nats).publish(subjectOf(document), bytes, { timeout: this.parts.ackMs });
    } catch (error) {
      const translated = translateNatsError(error, 'publish the deploy request');
      const problem = refuse(translated.code, `${translated.message}; the same document again is one rollout`, {
        status: 503,
      });
      throw new ProblemError(problem.problem, { cause: error });
    }
  }

  private async outcomeOf(answers: Answers): Promise<RequestOutcome | undefined> {
    const cancel = this.parts.clock.schedule(this.parts.outcomeMs, () => answers.close());
    try {
      return await answers.first;
    } finally {
      cancel();
    }
  }
}

/** The first outcome under any of the names; undefined when it is closed before. */
class Answers {
  readonly first: Promise<RequestOutcome | undefined>;
  private readonly subscriptions: readonly Subscription[];
  private settle: (outcome: RequestOutcome | undefined) => void = () => {};

  constructor(nats: NatsConnection, names: readonly string[]) {
    this.first = new Promise((resolve) => (this.settle = resolve));
    this.subscriptions = names.map((name) =>
      nats.subscribe(SUBJECTS.outcome(name), {
        max: 1,
        callback: (error, message) => {
          if (error === null) this.settle(message.json<RequestOutcome>());
        },
      }),
    );
  }

  close(): void {
    for (const subscription of this.subscriptions) subscription.unsubscribe();
    this.settle(undefined);
  }
}

/** A document without a usable app goes the same way, so that its refusal with every fault is in the log too. */
function subjectOf(document: Document): string {
  const app = document['app'];
  return SUBJECTS.deployRequest(typeof app === 'string' && isName(app) ? app : 'unnamed');
}

function isName(text: string): boolean {
  try {
    return encodeToken(text) !== '';
  } catch {
    return false;
  }
}
