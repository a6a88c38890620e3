import { jetstream } from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/nats-core';
import { type CommandEnvelope, type CommandResult, type Plan, type RolloutCommand, SUBJECTS } from '@sluice/contracts';
import { requestJson } from '@sluice/messaging';
import { newUlid } from '@sluice/observability';

const ANSWER_MS = 30_000;
/** Commands go to one of the last rollouts: those are open. */
const LAST = 5;
const UNIT = new Uint8Array(1_000).fill(32);

export interface Commander {
  /** ms. */
  readonly times: readonly number[];
  readonly publishTimes: readonly number[];
  /** Why commands were not answered, or not as they should be. */
  readonly refused: readonly string[];
  stop(): Promise<void>;
}

/** Somebody who changes the intervals of rollouts at a steady rate, and times a durable publish beside each command. */
export function startCommander(nats: NatsConnection, plans: readonly Plan[], perSecond: number): Commander {
  const [times, publishTimes, refused]: [number[], number[], string[]] = [[], [], []];
  const underWay = new Set<Promise<void>>();
  let said = 0;

  const command = async (plan: Plan): Promise<void> => {
    said += 1;
    const envelope: CommandEnvelope<RolloutCommand> = {
      v: 1,
      id: newUlid(),
      target: plan.rolloutId,
      command: { type: 'setInterval', intervalMs: said },
      actor: { id: 'bench', kind: 'user' },
      reason: 'benchmark',
    };
    const start = performance.now();
    const answer = await requestJson<CommandResult>(nats, SUBJECTS.command('rollout'), envelope, {
      timeoutMs: ANSWER_MS,
    });
    times.push(performance.now() - start);
    if (answer.kind !== 'answer') refused.push(answer.kind);
    // A rollout that has just ended offers nothing any more, and says so.
    else if (!answer.value.ok && answer.value.code !== 'NOT_OFFERED') refused.push(answer.value.code);
  };
  const publish = async ({ rolloutId }: Plan): Promise<void> => {
    const start = performance.now();
    const subject = SUBJECTS.log({ shard: rolloutId.slice(1, 3), writer: 'notice', id: 'bench' });
    await jetstream(nats).publish(subject, UNIT);
    publishTimes.push(performance.now() - start);
  };
  const track = (work: Promise<void>): void => {
    const ended = work
      .catch((error: unknown) => void refused.push(String(error)))
      .finally(() => void underWay.delete(ended));
    underWay.add(ended);
  };
  const timer = setInterval(() => {
    const plan = plans[Math.max(0, plans.length - 1 - (said % LAST))];
    if (plan === undefined) return;
    track(command(plan));
    track(publish(plan));
  }, 1_000 / perSecond);

  return {
    times,
    publishTimes,
    refused,
    stop: async () => {
      clearInterval(timer);
      await Promise.all(underWay);
    },
  };
}
