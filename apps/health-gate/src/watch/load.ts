import type { RecordedCommit, StreamName, Writer } from '@sluice/contracts';
import type { EventLog } from '@sluice/event-log';
import type { Clock } from '@sluice/kernel';

import type { RolloutWatch } from './rollout-watch.js';

/** Reads what the watch does not know yet of its three streams. May be called again after it failed anywhere. */
export async function loadWatch(watch: RolloutWatch, log: EventLog, clock: Clock): Promise<void> {
  if (!watch.planned) for await (const commit of log.read(streamOf(watch, 'plan'))) watch.foldPlan(commit);
  let before = -1;
  // What was appended during a read is read after it; one that brings nothing new ends it.
  while (before < watch.execRev && (before < 0 || watch.execRev < watch.wantedRev)) {
    before = watch.execRev;
    for await (const commit of log.read(streamOf(watch, 'exec'), watch.execRev + 1))
      watch.foldExec(commit, clock.now());
  }
  for await (const commit of log.read(streamOf(watch, 'gate'), watch.gateHead.rev + 1)) watch.foldGate(commit);
}

export const streamOf = <W extends Writer>(watch: RolloutWatch, writer: W): StreamName & { readonly writer: W } => ({
  shard: watch.shard,
  writer,
  id: watch.id,
});

export const isOf = <W extends Writer>(commit: RecordedCommit, writer: W): commit is RecordedCommit<W> =>
  commit.stream.writer === writer;
