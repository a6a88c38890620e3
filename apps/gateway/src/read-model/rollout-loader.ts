import type { PlanEvent, RecordedCommit, RolloutEvent } from '@sluice/contracts';
import { shardOfId } from '@sluice/contracts';
import type { EventLog } from '@sluice/event-log';
import { evolveRollout, initialRollout, type RolloutState } from '@sluice/rollout';

export type LogReader = Pick<EventLog, 'read'>;

/** A rollout folded from its two streams. `rev` is the `exec` stream's: what commands compare with. */
export interface LoadedRollout {
  readonly state: RolloutState;
  readonly rev: number;
}

/** Folds a rollout from the log; undefined when it has no sealed plan. Linear in its targets. */
export async function loadRollout(log: LogReader, id: string): Promise<LoadedRollout | undefined> {
  const shard = shardOfId(id);
  if (shard === undefined) return undefined;
  let state = initialRollout();
  for await (const commit of log.read({ shard, writer: 'plan', id })) state = evolveCommit(state, commit);
  if (state.plan === undefined) return undefined;
  let rev = 0;
  for await (const commit of log.read({ shard, writer: 'exec', id })) {
    state = evolveCommit(state, commit);
    rev = commit.head.rev;
  }
  return { state, rev };
}

export function evolveCommit(
  state: RolloutState,
  commit: RecordedCommit<'plan'> | RecordedCommit<'exec'>,
): RolloutState {
  let next = state;
  const events: readonly (PlanEvent | RolloutEvent)[] = commit.events;
  for (const event of events) next = evolveRollout(next, event, commit.head.at);
  return next;
}
