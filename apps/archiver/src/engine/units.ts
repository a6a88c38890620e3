import type { PlanEvent, RolloutEvent } from '@sluice/contracts';
import {
  type ArchivedEntry,
  type ArchiveSource,
  type RawCommit,
  recordedCommit,
  type UnitToArchive,
} from '@sluice/event-log';
import { evolveRollout, initialRollout, isTerminal, type RolloutState, summarizeRollout } from '@sluice/rollout';

import type { Counted, CountedGroup } from './census.js';

/** Everything of a finished rollout; undefined when it is not what the census took it for. */
export async function rolloutUnit(source: ArchiveSource, counted: Counted): Promise<UnitToArchive | undefined> {
  return unitOf(counted.id, await collected(source, counted, (position) => position <= counted.position));
}

/** The unit of a rollout with these commits; undefined when they do not tell how it ended. */
export function unitOf(id: string, commits: readonly RawCommit[]): UnitToArchive | undefined {
  const folded = foldRollout(commits);
  if (folded === undefined || !isTerminal(folded.state.status)) return undefined;
  return { kind: 'rollout', id, commits, entry: entryOf(folded.state, folded.position) };
}

/** What lists show of it once the log has forgotten it. */
function entryOf(state: RolloutState, position: number): ArchivedEntry {
  const summary = summarizeRollout(state);
  const { plannedAt, app, group } = summary;
  return { position, plannedAt, app, group, state: summary.state, summary };
}

/** A request that was refused and never planned. */
export async function refusalUnit(source: ArchiveSource, counted: Counted): Promise<UnitToArchive | undefined> {
  const commits = await collected(source, counted, (position) => position <= counted.position);
  return commits.length === 0 || !isWhole(commits) ? undefined : { kind: 'refusal', id: counted.id, commits };
}

/**
 * What a group said before its last checkpoint, and the notices of it but the last: the notifier finds its place there.
 * Undefined when nothing of it stands in the log.
 */
export async function groupUnit(source: ArchiveSource, group: CountedGroup): Promise<UnitToArchive | undefined> {
  const until = group.checkpoint?.position ?? 0;
  const commits = await collected(source, group, () => true);
  const lastNotice = commits.findLast(({ stream }) => stream.writer === 'notice');
  const past = commits.filter((commit) => commit.position < until && commit !== lastNotice);
  const isPast = past.some(({ stream }) => stream.writer === 'group');
  return isPast && isWhole(past) ? { kind: 'group', id: group.id, commits: past } : undefined;
}

async function collected(
  source: ArchiveSource,
  { shard, id }: Counted,
  isWanted: (position: number) => boolean,
): Promise<readonly RawCommit[]> {
  const commits: RawCommit[] = [];
  for await (const commit of source.raw({ shard, id })) if (isWanted(commit.position)) commits.push(commit);
  return commits;
}

/** The rollout's state, and the position of its sealed plan. */
function foldRollout(commits: readonly RawCommit[]): { state: RolloutState; position: number } | undefined {
  let state = initialRollout();
  let position = 0;
  // All of the plan, then all of its course: their order in the log between one another does not matter.
  for (const writer of ['plan', 'exec'] as const) {
    for (const raw of commits) {
      if (raw.stream.writer !== writer) continue;
      const { events, head } = recordedCommit(raw);
      for (const event of events as readonly (PlanEvent | RolloutEvent)[]) state = evolveRollout(state, event, head.at);
      if (events.some(({ type }) => type === 'RolloutPlanned')) position = head.position;
    }
  }
  return state.plan === undefined ? undefined : { state, position };
}

/** False when a killed server brought back some of what had been purged: that stays, and does no harm. */
function isWhole(commits: readonly RawCommit[]): boolean {
  const last = new Map<string, string>();
  return commits.every((raw) => {
    const { prev, head } = recordedCommit(raw);
    const before = last.get(raw.stream.writer);
    last.set(raw.stream.writer, head.hash);
    return before === undefined || before === prev;
  });
}
