import type { EventLog } from '@sluice/event-log';

import type { LogPart } from './log-part.js';
import type { FleetCommit } from './names.js';

/** A little more than stands between two checkpoints. */
const FIRST_LOOK = 640;
/** Commits that are held at once while the checkpoint is looked for. */
const LONGEST_LOOK = 20_000;

/**
 * Folds a variable from its last checkpoint on, and so costs what came since: a ramp of weeks over 100,000 hosts has
 * 100,000 commits. The roster has been folded before.
 */
export async function readVariable(log: EventLog, part: LogPart): Promise<void> {
  const last = await log.last(part.stream);
  if (last === undefined) return;
  for (let look = FIRST_LOOK; look <= LONGEST_LOOK && look < last.head.rev; look *= 4) {
    const commits = await tail(log, part, last.head.rev - look);
    const from = commits.findLastIndex(isCheckpoint);
    for (const { meta } of commits.slice(0, Math.max(0, from))) for (const each of meta) part.remember(each);
    if (from < 0) continue;
    for (const commit of commits.slice(from)) part.take(commit);
    return;
  }
  for await (const commit of log.read(part.stream)) part.take(commit);
}

async function tail(log: EventLog, { stream }: LogPart, fromRev: number): Promise<readonly FleetCommit[]> {
  const commits: FleetCommit[] = [];
  for await (const commit of log.read(stream, fromRev)) commits.push(commit);
  return commits;
}

const isCheckpoint = ({ events }: FleetCommit): boolean => events.some(({ type }) => type === 'VariableCheckpointed');
