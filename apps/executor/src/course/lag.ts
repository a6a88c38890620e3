import { isRolloutId, type ReportAnswer, shardOfId } from '@sluice/contracts';
import type { EventLog } from '@sluice/event-log';

/** What an owner knows of a rollout: the rev of its state when it holds one, and how far it has read the log. */
export interface Knowledge {
  readonly rev: number | undefined;
  readonly position: number;
}

/**
 * True when the log holds more of a rollout than this owner has read. A refusal that the agent is to take as final
 * must not come from such an owner: the one that wrote the rest may know the attempt.
 */
export async function lagsBehind(log: EventLog, id: string, { rev, position }: Knowledge): Promise<boolean> {
  const shard = shardOfId(id);
  if (shard === undefined || !isRolloutId(id)) return false;
  const last = (await log.last({ shard, writer: 'exec', id })) ?? (await log.last({ shard, writer: 'plan', id }));
  if (last === undefined) return false;
  if (rev === undefined) return last.head.position > position;
  return last.stream.writer === 'exec' && last.head.rev > rev;
}

export const LAGGING: ReportAnswer = {
  ok: false,
  code: 'NOT_READY',
  message: 'this executor has not read all of the rollout yet',
  retry: true,
};
