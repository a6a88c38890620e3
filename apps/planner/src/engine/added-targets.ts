import { type PlanTarget, shardOfId, type StreamName } from '@sluice/contracts';
import type { EventLog } from '@sluice/event-log';
import { invariant } from '@sluice/kernel';

/** The targets of a rollout behind those of its plan: members that its retries have added (TRS-13), in their order. */
export async function addedTargets(log: EventLog, rolloutId: string, planned: number): Promise<readonly PlanTarget[]> {
  const shard = shardOfId(rolloutId);
  invariant(shard !== undefined, 'an id must carry its shard', { id: rolloutId });
  const stream: StreamName & { readonly writer: 'exec' } = { shard, writer: 'exec', id: rolloutId };
  const added: PlanTarget[] = [];
  let arriving: PlanTarget[] = [];
  for await (const { events } of log.read(stream)) {
    for (const event of events) {
      if (event.type === 'MembersAdded')
        arriving = [...arriving.slice(0, event.from - planned - added.length), ...event.targets];
      if (event.type !== 'MembersSynced') continue;
      added.push(
        ...arriving.slice(
          0,
          event.batches.reduce((sum, [size, times]) => sum + size * times, 0),
        ),
      );
      arriving = [];
    }
  }
  return added;
}
