import type { WriteStream } from 'node:fs';
import { createWriteStream } from 'node:fs';
import { once } from 'node:events';

import type { StreamHead, StreamName } from '@sluice/contracts';
import { type CommitDraft, InMemoryEventLog, type RawCommit } from '@sluice/event-log';

import { writeHistory } from '../replay/history.js';

export interface WrittenLog {
  readonly commits: number;
  readonly events: number;
}

/** Remembers whose streams there are. */
class ListedLog extends InMemoryEventLog {
  readonly streams = new Map<string, StreamName>();
  events = 0;

  override append(stream: StreamName, expected: StreamHead, draft: CommitDraft): Promise<StreamHead> {
    this.streams.set(stream.id, stream);
    this.events += draft.events.length;
    return super.append(stream, expected, draft);
  }
}

/** A log of so many rollouts as an export of raw commits, in the order in which busy executors write: all at once. */
export async function writeLog(file: string, rollouts: number, targets: number): Promise<WrittenLog> {
  const log = new ListedLog();
  await Promise.all(Array.from({ length: rollouts }, (_, i) => writeHistory(log, i, targets)));
  const commits: RawCommit[] = [];
  for (const stream of log.streams.values()) for await (const raw of log.raw(stream)) commits.push(raw);
  const out = createWriteStream(file);
  for (const commit of commits.toSorted((a, b) => a.position - b.position)) await line(out, commit);
  out.end();
  await once(out, 'finish');
  return { commits: commits.length, events: log.events };
}

async function line(out: WriteStream, { position, bytes }: RawCommit): Promise<void> {
  out.write(`{"position":${position},"commit":`);
  out.write(bytes);
  if (!out.write('}\n')) await once(out, 'drain');
}
