import type { JsMsg } from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/nats-core';
import { decodeToken, type RequestOutcome, STREAMS, SUBJECTS } from '@sluice/contracts';
import { isSluiceError, messageOf } from '@sluice/kernel';
import { type Log, type Poison, runPullConsumer, type RunningService, type Settlement } from '@sluice/messaging';

import { isOutage } from '../engine/outages.js';
import type { PlannerEngine } from '../engine/planner-engine.js';

/** Enough that requests that are put off do not keep others waiting: they count as in flight until their next try. */
const MAX_IN_FLIGHT = 32;

/** Takes deploy requests off the work queue: plan in the log, outcome published, then acknowledged. */
export function consumeRequests(nats: NatsConnection, engine: PlannerEngine, log: Log): Promise<RunningService> {
  const requests = new Requests(nats, engine, log);
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

  constructor(
    private readonly nats: NatsConnection,
    private readonly engine: PlannerEngine,
    private readonly log: Log,
  ) {}

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
      this.log.error({ subject: message.subject, reason, last: messageOf(error) }, 'a request cannot be planned');
      this.#publish(await this.engine.refuseBroken(message.data));
    }
  }

  async #handle(message: JsMsg): Promise<Settlement> {
    const outcome = await this.engine.submit(message.data, appOf(message.subject));
    this.#publish(outcome);
    const { requestId, rolloutId, faults } = outcome;
    this.log.info({ requestId, rolloutId, faults: faults?.length }, `request ${outcome.outcome}`);
    return { kind: 'ack' };
  }

  #publish(outcome: RequestOutcome): void {
    this.nats.publish(SUBJECTS.outcome(outcome.requestId), JSON.stringify(outcome));
  }
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
