import type { EventLog } from '@sluice/event-log';
import { rosterBegin } from '@sluice/variable';

import type { LogPart } from './log-part.js';
import type { FleetCommit } from './names.js';

/** A little more than stands between two checkpoints. */
const FIRST_LOOK = 640;
/** Commits that are held at once while the checkpoint is looked for. */
const LONGEST_LOOK = 20_000;
/** Of a roster, whose checkpoints are the rarer the more hosts there are. */
const LONGEST_ROSTER_LOOK = 200_000;

/**
 * Folds a variable from its last checkpoint on, and so costs what came since: a ramp of weeks over 100,000 hosts has
 * 100,000 commits. The roster has been folded before.
 */
export const readVariable = (log: EventLog, part: LogPart): Promise<void> =>
  readFrom(log, part, { longest: LONGEST_LOOK, beginOf: (commits) => commits.findLastIndex(isCheckpoint) });

/** The same for the roster: years of hosts that come and go. */
export const readRoster = (log: EventLog, part: LogPart): Promise<void> =>
  readFrom(log, part, { longest: LONGEST_ROSTER_LOOK, beginOf: (commits) => rosterBegin(commits) ?? -1 });

async function readFrom(
  log: EventLog,
  part: LogPart,
  { longest, beginOf }: { readonly longest: number; readonly beginOf: (commits: readonly FleetCommit[]) => number },
): Promise<void> {
  const last = await log.last(part.stream);
  if (last === undefined) return;
  for (let look = FIRST_LOOK; look <= longest && look < last.head.rev; look *= 4) {
    const commits = await tail(log, part, last.head.rev - look);
    const from = beginOf(commits);
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
