import { jetstreamManager } from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/nats-core';
import { decodeCommit, type DomainEvent, STREAMS, streamOfSubject, SUBJECTS } from '@sluice/contracts';

/** How many commits each subject of the log holds. */
export type LogCounts = ReadonlyMap<string, number>;

export async function logCounts(nats: NatsConnection): Promise<LogCounts> {
  const manager = await jetstreamManager(nats);
  const { state } = await manager.streams.info(STREAMS.log, { subjects_filter: SUBJECTS.wholeLog });
  return new Map(Object.entries(state.subjects ?? {}));
}

/** Subjects that have got commits between the two looks, but for what was told to people. */
export function changed(before: LogCounts, after: LogCounts): readonly string[] {
  return [...after.keys()]
    .filter((subject) => after.get(subject) !== before.get(subject) && streamOfSubject(subject)?.writer !== 'notice')
    .toSorted();
}

/** The events of a subject's last commit. */
export async function lastEvents(nats: NatsConnection, subject: string): Promise<readonly DomainEvent[]> {
  const manager = await jetstreamManager(nats);
  const message = await manager.streams.getMessage(STREAMS.log, { last_by_subj: subject });
  return message === null ? [] : decodeCommit(message.data).events;
}
