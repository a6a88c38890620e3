import type { JsMsg } from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/nats-core';
import {
  decodeToken,
  readTraceparent,
  type RequestOutcome,
  STREAMS,
  SUBJECTS,
  TRACE_HEADER,
  type TraceContext,
  traceparentOf,
} from '@sluice/contracts';
import { isSluiceError, messageOf } from '@sluice/kernel';
import { type Log, type Poison, runPullConsumer, type RunningService, type Settlement } from '@sluice/messaging';
import { childSpan, type SpanRecord, type SpanSink } from '@sluice/observability';

import { isOutage } from '../engine/outages.js';
import type { PlannerEngine } from '../engine/planner-engine.js';

/** Enough that requests that are put off do not keep others waiting: they count as in flight until their next try. */
const MAX_IN_FLIGHT = 32;

export interface RequestsDeps {
  readonly nats: NatsConnection;
  readonly engine: PlannerEngine;
  readonly log: Log;
  /** Where spans go; none are made when absent, but a request's trace is handed on all the same. */
  readonly spans?: SpanSink;
}

/** Takes deploy requests off the work queue: plan in the log, outcome published, then acknowledged. */
export function consumeRequests(deps: RequestsDeps): Promise<RunningService> {
  const requests = new Requests(deps);
  const { nats, log } = deps;
  return runPullConsumer({
    nats,
    stream: STREAMS.requests,
    durable: 'planner',
    handle: (message) => requests.inTurn(message),
    onPoison: (message, poison) => requests.giveUp(message, poison),
    maxInFlight: MAX_IN_FLIGHT,
    log,
  });
}

class Requests {
  /** The last work of each subject: requests for one app are planned in the order of their arrival. */
  readonly #last = new Map<string, Promise<unknown>>();

  constructor(private readonly deps: RequestsDeps) {}

  inTurn(message: JsMsg): Promise<Settlement> {
    const before = this.#last.get(message.subject) ?? Promise.resolve();
    const work = before.then(() => this.#handle(message));
    const settled = work.then(
      () => undefined,
      () => undefined,
    );
    this.#last.set(message.subject, settled);
    void settled.then(() => {
      if (this.#last.get(message.subject) === settled) this.#last.delete(message.subject);
    });
    return work;
  }

  /** One more try; a request that is the fault itself is refused, one that only met an outage is kept. */
  async giveUp(message: JsMsg, { reason }: Poison): Promise<void> {
    try {
      await this.#handle(message);
    } catch (error) {
      if (isOutage(error)) throw error;
      const { log, engine } = this.deps;
      log.error({ subject: message.subject, reason, last: messageOf(error) }, 'a request cannot be planned');
      this.#publish(await engine.refuseBroken(message.data));
    }
  }

  async #handle(message: JsMsg): Promise<Settlement> {
    const { engine, log, spans } = this.deps;
    const above = readTraceparent(message.headers?.get(TRACE_HEADER));
    const span = spans === undefined ? above : childSpan(above);
    const from = Date.now();
    const trace = span === undefined ? undefined : traceparentOf(span);
    const outcome = await engine.submit(message.data, appOf(message.subject), trace);
    this.#publish(outcome);
    if (spans !== undefined && span !== undefined) spans.emit(planSpan(outcome, { at: span, above, from }));
    const { requestId: request, rolloutId: rollout, faults } = outcome;
    log.info({ request, rollout, code: faults?.[0]?.code, faults: faults?.length }, `request ${outcome.outcome}`);
    return { kind: 'ack' };
  }

  #publish(outcome: RequestOutcome): void {
    this.deps.nats.publish(SUBJECTS.outcome(outcome.requestId), JSON.stringify(outcome));
  }
}

interface Planning {
  readonly at: TraceContext;
  readonly above: TraceContext | undefined;
  readonly from: number;
}

function planSpan(outcome: RequestOutcome, { at, above, from }: Planning): SpanRecord {
  const { requestId: request, rolloutId: rollout, faults } = outcome;
  return {
    name: 'plan',
    kind: 'consumer',
    at,
    ...(above === undefined ? {} : { parent: above.spanId }),
    from,
    to: Date.now(),
    attributes: { request, outcome: outcome.outcome, ...(rollout === undefined ? {} : { rollout }) },
    ...(outcome.outcome === 'refused' ? { fault: faults?.[0]?.code ?? 'refused' } : {}),
  };
}

/** The app that a subject names. Of a subject that names none, the whole: no request's app equals it. */
export function appOf(subject: string): string {
  const token = subject.split('.').at(-1) ?? '';
  try {
    const app = decodeToken(token);
    return SUBJECTS.deployRequest(app) === subject ? app : subject;
  } catch (error) {
    if (!isSluiceError(error)) throw error;
    return subject;
  }
}
