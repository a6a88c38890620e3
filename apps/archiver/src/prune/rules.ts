import { ALL_SHARDS, decodeToken, type GroupEvent, HOLD_STREAM, type PlanEvent } from '@sluice/contracts';
import { type EventLog, type Keep, type PruneCandidate, recordedCommit } from '@sluice/event-log';
import { evolveGroup, type GroupState, initialGroup } from '@sluice/group';
import { evolveHolds, holdsOn, type HoldsState, holdWords, initialHolds } from '@sluice/hold';
import { messageOf, SluiceError } from '@sluice/kernel';

export type ReadableLog = Pick<EventLog, 'read' | 'follow' | 'position'>;

/** The legal holds that are in force, from the log itself. Code HOLDS_UNREADABLE: then nothing may be deleted. */
export async function holdsInForce(log: ReadableLog): Promise<HoldsState> {
  let state = initialHolds();
  let next = 1;
  try {
    for await (const { events, head } of log.read(HOLD_STREAM)) {
      if (head.rev !== next) throw unreadable(`rev ${next} of their stream is missing`);
      next += 1;
      state = events.reduce(evolveHolds, state);
    }
  } catch (error) {
    throw unreadable(messageOf(error));
  }
  return state;
}

/** A log that ends before the archive does is another one, and knows nothing of its holds. Code HOLDS_UNREADABLE. */
export async function assertLogOf(log: ReadableLog, through: number): Promise<void> {
  let position = 0;
  try {
    position = await log.position();
  } catch (error) {
    throw unreadable(messageOf(error));
  }
  if (position < through)
    throw unreadable(`this log ends at position ${position}, the archive holds position ${through}: it is another log`);
}

const unreadable = (why: string): SluiceError =>
  new SluiceError(
    'HOLDS_UNREADABLE',
    `nothing is pruned, as the legal holds cannot be read from the log (${why}): name its server with --nats, and try again when it answers`,
  );

/**
 * Rollouts whose plans a rollback may still have to read, whatever their age: of each group what is active or waits, and
 * the last so many successes.
 */
export async function neededRollouts(log: ReadableLog, versions: number): Promise<ReadonlySet<string>> {
  const groups = new Map<string, GroupState>();
  const stop = new AbortController();
  try {
    for await (const item of log.follow({ shards: ALL_SHARDS, writers: ['group'], from: 0, signal: stop.signal })) {
      if (item.kind === 'live') break;
      const { stream, events } = item.commit;
      const state = groups.get(stream.id) ?? initialGroup();
      groups.set(stream.id, (events as readonly GroupEvent[]).reduce(evolveGroup, state));
    }
  } finally {
    stop.abort();
  }
  return new Set([...groups.values()].flatMap((state) => needed(state, versions)));
}

const needed = ({ active, waiting, history }: GroupState, versions: number): readonly string[] => [
  ...(active === undefined ? [] : [active]),
  ...(waiting === undefined ? [] : [waiting.rolloutId]),
  ...history
    .slice(-Math.max(MIN_VERSIONS, versions))
    .flatMap(({ rolloutId, restores }) => (restores === undefined ? [rolloutId] : [rolloutId, restores])),
];

/** What runs, and what it would be taken back to. */
const MIN_VERSIONS = 2;

/** Why a unit stays: a hold covers it, or a group may go back to it. */
export const keeping =
  (holds: HoldsState, wanted: ReadonlySet<string>): Keep =>
  (candidate) => {
    const [hold] = holdsOn(holds, { ...placeOf(candidate), id: candidate.id, from: candidate.from, to: candidate.to });
    if (hold !== undefined) return `hold ${hold.hold}, ${holdWords(hold)}`;
    return wanted.has(candidate.id) ? 'its group may be rolled back to it' : undefined;
  };

/** What it is of, as far as that can be read: what is not known is covered by any hold of that kind. */
function placeOf({ kind, id, commits }: PruneCandidate): { readonly app?: string; readonly group?: string } {
  try {
    if (kind === 'group') return { group: decodeToken(id.slice(GROUP_PREFIX)) };
    for (const raw of commits) {
      if (raw.stream.writer !== 'plan') continue;
      const found = planned(recordedCommit(raw).events as readonly PlanEvent[]);
      if (found !== undefined) return found;
    }
  } catch {
    // Of a newer version, or damaged: held by whatever could cover it.
  }
  return {};
}

/** `g07-` */
const GROUP_PREFIX = 4;

function planned(events: readonly PlanEvent[]): { readonly app?: string; readonly group?: string } | undefined {
  for (const event of events) {
    if (event.type === 'RolloutPlanned') return { app: event.plan.app, group: event.plan.group };
    if (event.type !== 'RequestRefused') continue;
    const { app, group } = event;
    return { ...(app === undefined ? {} : { app }), ...(group === undefined ? {} : { group }) };
  }
  return undefined;
}
