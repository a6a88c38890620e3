import { EMPTY_HEAD, type EventToAppend, type GroupEvent, groupStreamId, shardOfGroup } from '@sluice/contracts';
import type { EventLog } from '@sluice/event-log';
import { serviceActor } from '@sluice/kernel';
import { newUlid } from '@sluice/observability';

const WRITTEN_AT_ONCE = 64;
const EXECUTOR = serviceActor('executor');

export const groupName = (index: number): string => `group-${index}`;

/** Groups that had a rollout once: what an executor has to know of most groups. */
export async function writeGroups(log: EventLog, count: number): Promise<void> {
  for (let from = 0; from < count; from += WRITTEN_AT_ONCE) {
    const size = Math.min(WRITTEN_AT_ONCE, count - from);
    await Promise.all(Array.from({ length: size }, (_, i) => writeGroup(log, groupName(from + i))));
  }
}

async function writeGroup(log: EventLog, group: string): Promise<void> {
  const rolloutId = `r${shardOfGroup(group)}-${'0'.repeat(26)}`;
  const success = { version: '0', rolloutId, strategy: 'rolling', sha256: 'a'.repeat(64) } as const;
  const history: readonly GroupEvent[] = [
    { type: 'LeaseGranted', rolloutId, token: 1 },
    { type: 'VersionSucceeded', ...success },
    { type: 'LeaseReleased', rolloutId, outcome: 'succeeded' },
  ];
  const meta = { by: EXECUTOR, cause: `ended:${rolloutId}`, corr: 'bench-0' };
  const events: readonly EventToAppend[] = history.map((event) => ({ event, meta }));
  const stream = { shard: shardOfGroup(group), writer: 'group', id: groupStreamId(group) } as const;
  await log.append(stream, EMPTY_HEAD, { id: newUlid(), at: Date.now(), events });
}
