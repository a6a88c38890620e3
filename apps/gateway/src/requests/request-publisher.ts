import { jetstream } from '@nats-io/jetstream';
import { headers, type NatsConnection, type Subscription } from '@nats-io/nats-core';

import {
  encodeToken,
  readTraceparent,
  type RequestOutcome,
  SUBJECTS,
  TRACE_HEADER,
  type TraceContext,
  traceparentOf,
} from '@sluice/contracts';
import type { Clock } from '@sluice/kernel';
import { translateNatsError } from '@sluice/messaging';
import { childSpan, type SpanRecord, type SpanSink } from '@sluice/observability';

import { ProblemError, refuse } from '../problems/problem.js';
import type { Document } from './document.js';
import { MAX_REQUEST_BYTES, outcomeNames } from './outcome-names.js';

export interface RequestPublisherParts {
  readonly nats: NatsConnection;
  readonly clock: Clock;
  readonly ackMs: number;
  readonly outcomeMs: number;
  readonly spans?: SpanSink;
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
  async publish(document: Document, traceparent?: string): Promise<Published> {
    const { spans } = this.parts;
    const above = readTraceparent(traceparent);
    if (spans === undefined) return this.publishIn(document, above);
    const [span, from] = [childSpan(above), Date.now()];
    let published: Published | undefined;
    try {
      published = await this.publishIn(document, span);
      return published;
    } finally {
      spans.emit(requestSpan(published, { at: span, above, from }));
    }
  }

  private async publishIn(document: Document, trace: TraceContext | undefined): Promise<Published> {
    const bytes = encoder.encode(JSON.stringify(document));
    if (bytes.length > MAX_REQUEST_BYTES) {
      throw refuse('MESSAGE_TOO_LARGE', `the document has ${bytes.length} bytes as JSON; at most 256 KiB are taken`);
    }
    const names = outcomeNames(document, bytes);
    // Subscribed before it is published: the planner may be faster than we are.
    const answers = new Answers(this.parts.nats, names);
    try {
      await this.send(document, bytes, trace);
      return { requestId: names[0] ?? '', outcome: await this.outcomeOf(answers) };
    } finally {
      answers.close();
    }
  }

  private async send(document: Document, bytes: Uint8Array, trace: TraceContext | undefined): Promise<void> {
    const carrier = trace === undefined ? undefined : headers();
    if (trace !== undefined) carrier?.set(TRACE_HEADER, traceparentOf(trace));
    try {
      await jetstream(this.parts.nats).publish(subjectOf(document), bytes, {
        timeout: this.parts.ackMs,
        ...(carrier === undefined ? {} : { headers: carrier }),
      });
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

interface Publishing {
  readonly at: TraceContext;
  readonly above: TraceContext | undefined;
  readonly from: number;
}

/** Without an outcome the request was not taken, or what became of it is not known yet. */
function requestSpan(published: Published | undefined, { at, above, from }: Publishing): SpanRecord {
  const outcome = published?.outcome?.outcome ?? 'unknown';
  return {
    name: 'request',
    kind: 'server',
    at,
    ...(above === undefined ? {} : { parent: above.spanId }),
    from,
    to: Date.now(),
    attributes: { outcome, ...(published === undefined ? {} : { request: published.requestId }) },
    ...(published === undefined ? { fault: 'not taken' } : {}),
  };
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
