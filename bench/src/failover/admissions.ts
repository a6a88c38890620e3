import type { Plan } from '@sluice/contracts';
import type { EventLog } from '@sluice/event-log';

import { shardOf } from '../rollouts.js';

/** When each commit of a rollout that admits targets became known, by performance.now(), and how many steps have succeeded. */
export class Admissions {
  readonly at: number[] = [];
  steps = 0;
  private readonly over = new AbortController();
  private readonly following: Promise<void>;

  constructor(log: EventLog, plan: Plan) {
    this.following = this.follow(log, plan);
  }

  async stop(): Promise<void> {
    this.over.abort();
    await this.following;
  }

  private async follow(log: EventLog, plan: Plan): Promise<void> {
    const { signal } = this.over;
    const where = { shards: [shardOf(plan)], writers: ['exec'], id: plan.rolloutId, from: 0, signal } as const;
    for await (const item of log.follow(where)) {
      if (item.kind !== 'commit') continue;
      const events = item.commit.events;
      if (events.some(({ type }) => type === 'TargetsAdmitted')) this.at.push(performance.now());
      this.steps += events.filter(({ type }) => type === 'StepSucceeded').length;
    }
  }
}

/** Steps of the rollout that stand in the log, and those among them that stand there more than once. */
export async function stepsOf(
  log: EventLog,
  plan: Plan,
): Promise<{ readonly done: number; readonly repeated: number }> {
  const seen = new Set<string>();
  let all = 0;
  for await (const { events } of log.read({ shard: shardOf(plan), writer: 'exec', id: plan.rolloutId })) {
    for (const event of events) {
      if (event.type !== 'StepSucceeded') continue;
      all += 1;
      seen.add(`${event.target} ${event.step}`);
    }
  }
  return { done: seen.size, repeated: all - seen.size };
}
