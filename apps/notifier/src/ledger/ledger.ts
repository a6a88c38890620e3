import { EMPTY_HEAD, type NoticeEvent, type RecordedCommit, type StreamHead, type StreamName } from '@sluice/contracts';
import type { EventLog } from '@sluice/event-log';
import type { ToldEvent } from '@sluice/notification';

/**
 * What was told of one stream id. Notices are recorded in the order of the log, each append behind the one before it,
 * so the last one says it all: everything up to it was told.
 */
export interface Ledger {
  readonly head: StreamHead;
  readonly told: Mark;
}

/** A place in the log: position of the commit, place of the event in it. */
export interface Mark {
  readonly position: number;
  readonly index: number;
}

export const NOTHING_TOLD: Mark = { position: 0, index: 0 };

export const isTold = (event: Pick<ToldEvent, 'position' | 'index'>, { position, index }: Mark): boolean =>
  event.position < position || (event.position === position && event.index <= index);

/** The ledger after one more commit of it. */
export function afterCommit(commit: RecordedCommit<'notice'>): Ledger {
  const last = commit.events.at(-1);
  return { head: commit.head, told: last === undefined ? NOTHING_TOLD : markOf(last) };
}

// The notification's id ends with the place of its event: `<commit id>.<index>`.
function markOf({ notificationId, position }: NoticeEvent): Mark {
  const index = Number(notificationId.slice(notificationId.lastIndexOf('.') + 1));
  return { position, index: Number.isSafeInteger(index) ? index : 0 };
}

export const noticeStream = (source: Pick<StreamName, 'shard' | 'id'>): StreamName & { readonly writer: 'notice' } => ({
  shard: source.shard,
  writer: 'notice',
  id: source.id,
});

export async function readLedger(log: EventLog, source: Pick<StreamName, 'shard' | 'id'>): Promise<Ledger> {
  const last = await log.last(noticeStream(source));
  return last === undefined ? { head: EMPTY_HEAD, told: NOTHING_TOLD } : afterCommit(last);
}
