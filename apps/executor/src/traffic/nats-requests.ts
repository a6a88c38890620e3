import { jetstream } from '@nats-io/jetstream';
import type { Msg, NatsConnection } from '@nats-io/nats-core';
import { type DeployRequest, type RequestOutcome, SUBJECTS } from '@sluice/contracts';
import { translateNatsError } from '@sluice/messaging';

import type { RequestQueue, Taken } from './agents-capacity.js';

/** A planner answers within milliseconds; without one the request waits in the queue. */
const OUTCOME_WITHIN_MS = 3_000;

/** Deploy requests on the work queue, as any client publishes them. */
export class NatsRequests implements RequestQueue {
  constructor(
    private readonly nats: NatsConnection,
    private readonly withinMs: number = OUTCOME_WITHIN_MS,
  ) {}

  async publish(request: DeployRequest, id: string): Promise<Taken | undefined> {
    const outcomes = this.nats.subscribe(SUBJECTS.outcome(id), { max: 1, timeout: this.withinMs });
    try {
      const outcome = firstOf(outcomes);
      await jetstream(this.nats).publish(SUBJECTS.deployRequest(request.app), JSON.stringify(request));
      return await outcome;
    } catch (error) {
      throw translateNatsError(error, `publish the request ${id}`);
    } finally {
      outcomes.unsubscribe();
    }
  }
}

/** Undefined when none comes in time, or one that cannot be read. */
async function firstOf(outcomes: AsyncIterable<Msg>): Promise<Taken | undefined> {
  try {
    for await (const message of outcomes) return takenOf(message.json<RequestOutcome>());
  } catch {
    // It waits in the queue.
  }
  return undefined;
}

const takenOf = ({ outcome, faults = [] }: RequestOutcome): Taken => ({
  outcome,
  words: faults
    .map(({ path, message }) => `${path} ${message}`)
    .join('; ')
    .slice(0, 300),
});
