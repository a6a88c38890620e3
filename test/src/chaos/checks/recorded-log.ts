import { jetstream } from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/nats-core';
import {
  decodeCommit,
  type DomainEvent,
  sha256,
  STREAMS,
  streamKey,
  type StreamName,
  streamOfSubject,
} from '@sluice/contracts';

/** One commit as it stands in the log. */
export interface Recorded {
  readonly stream: StreamName;
  readonly position: number;
  readonly commit: ReturnType<typeof decodeCommit>;
  /** SHA-256 of its raw bytes. */
  readonly hash: string;
}

/** The whole log in its order, read by a plain NATS client and by nothing of ours but the decoder of a commit. */
export async function readLog(nats: NatsConnection): Promise<readonly Recorded[]> {
  const consumer = await jetstream(nats).consumers.get(STREAMS.log);
  const log: Recorded[] = [];
  const { num_pending } = await consumer.info(true);
  if (num_pending === 0) return log;
  for await (const message of await consumer.consume()) {
    const stream = streamOfSubject(message.subject);
    if (stream === undefined) throw new Error(`${message.subject} is no subject of the log`);
    log.push({ stream, position: message.seq, commit: decodeCommit(message.data), hash: sha256(message.data) });
    if (message.info.pending === 0) break;
  }
  return log;
}

/** Each stream's revs count from 1, each `prev` is the hash of the commit before, and no id stands in it twice. */
export function brokenChains(log: readonly Recorded[]): string[] {
  const faults: string[] = [];
  const heads = new Map<string, Recorded>();
  const ids = new Set<string>();
  for (const recorded of log) {
    const { stream, position, commit } = recorded;
    const key = streamKey(stream);
    const what = linkFaults(recorded, heads.get(key));
    if (commit.stream !== key) what.push(`a commit of ${commit.stream}`);
    if (ids.has(commit.id)) what.push(`the commit ${commit.id} once more`);
    faults.push(...what.map((fault) => `log: ${fault} in ${key} at position ${position}`));
    ids.add(commit.id);
    heads.set(key, recorded);
  }
  return faults;
}

const NOTHING = { hash: '', commit: { rev: 0, at: 0 } } as const;

function linkFaults(
  { commit }: Recorded,
  before: Pick<Recorded, 'hash'> & { commit: { rev: number; at: number } } = NOTHING,
): string[] {
  const { rev, prev, at } = commit;
  return [
    ...(rev === before.commit.rev + 1 ? [] : [`rev ${rev} after ${before.commit.rev}`]),
    ...(prev === before.hash ? [] : ['a prev that is not the hash of the commit before']),
    ...(at >= before.commit.at ? [] : ['a time that goes back']),
  ];
}

/** Every event of the log with its commit. */
export function* eventsOf(
  log: readonly Recorded[],
): Generator<Recorded & { readonly event: DomainEvent; readonly index: number }> {
  for (const recorded of log)
    for (const [index, event] of recorded.commit.events.entries()) yield { ...recorded, event, index };
}
