import { decodeToken, type RecordedCommit, rosterStreamId, variableOfStreamId } from '@sluice/contracts';

import type { EventLog } from '@sluice/event-log';
import { rosterBegin } from '@sluice/variable';

import { FleetView } from './fleet-view.js';

/** The fleet of whoever names none. */
export const DEFAULT_FLEET = 'default';

type Reads = Pick<EventLog, 'read' | 'last'>;

/** All fleets that the log has told of, and the default one. */
export class Fleets {
  private readonly views = new Map<string, FleetView>();

  /** Undefined for one that nobody defined a variable in and no host joined. */
  find(name: string): FleetView | undefined {
    return this.views.get(name) ?? (name === DEFAULT_FLEET ? this.viewOf(name) : undefined);
  }

  /** By name; those that hold something. */
  all(): readonly FleetView[] {
    return [...this.views.values()].toSorted((a, b) => (a.name < b.name ? -1 : 1));
  }

  /** Folds a commit; when others of its stream are missing before it, what is needed of them is read first. */
  async apply(commit: RecordedCommit, log: Reads): Promise<void> {
    if (!isVariable(commit)) return;
    const { id } = commit.stream;
    const named = variableOfStreamId(id);
    const view = this.viewOf(named?.fleet ?? decodeToken(id.slice('h00-'.length)));
    const name = named?.variable ?? '';
    // Hosts first: counted once, and not once for each variable.
    if (view.revOf() === 0 && view.revOf(name) === 0) await readHosts(view, commit, log);
    await foldUpTo(view, name, commit, log);
  }

  forgetAll(): void {
    this.views.clear();
  }

  private viewOf(name: string): FleetView {
    const known = this.views.get(name) ?? new FleetView(name);
    this.views.set(name, known);
    return known;
  }
}

/** A little more than stands between two checkpoints of a variable. */
const FIRST_LOOK = 640;
/** Commits that are held at once while a checkpoint is looked for. */
const LONGEST_LOOK = 20_000;
/** Of a roster, whose checkpoints are the rarer the more hosts there are. */
const LONGEST_ROSTER_LOOK = 200_000;

/**
 * What has to be folded before a commit: the last checkpoint and all behind it, so that a start does not read weeks of
 * flips, or years of hosts that come and go; without one, all that is not known.
 */
async function before(
  log: Reads,
  { stream, head }: RecordedCommit<'variable'>,
  { isVariable, known }: { readonly isVariable: boolean; readonly known: number },
): Promise<readonly RecordedCommit<'variable'>[]> {
  const read = async (fromRev: number): Promise<RecordedCommit<'variable'>[]> => {
    const commits: RecordedCommit<'variable'>[] = [];
    for await (const commit of log.read({ ...stream, writer: 'variable' }, fromRev)) {
      if (commit.head.rev >= head.rev) break;
      commits.push(commit);
    }
    return commits;
  };
  const longest = isVariable ? LONGEST_LOOK : LONGEST_ROSTER_LOOK;
  for (let look = FIRST_LOOK; look <= longest && look < head.rev - known; look *= 4) {
    const commits = await read(head.rev - look);
    const from = isVariable
      ? commits.findLastIndex(({ events }) => events.some(({ type }) => type === 'VariableCheckpointed'))
      : (rosterBegin(commits) ?? -1);
    if (from >= 0) return commits.slice(from);
  }
  return read(known + 1);
}

async function readHosts(view: FleetView, { stream }: RecordedCommit<'variable'>, log: Reads): Promise<void> {
  const last = await log.last({ ...stream, id: rosterStreamId(view.name) });
  if (last !== undefined) await foldUpTo(view, '', last, log);
}

async function foldUpTo(view: FleetView, name: string, commit: RecordedCommit<'variable'>, log: Reads): Promise<void> {
  const known = view.revOf(name);
  if (commit.head.rev > known + 1)
    for (const each of await before(log, commit, { isVariable: name !== '', known })) fold(view, name, each);
  fold(view, name, commit);
}

function fold(view: FleetView, name: string, { head, events }: RecordedCommit<'variable'>): void {
  view.apply(name, { rev: head.rev, at: head.at, events });
}

const isVariable = (commit: RecordedCommit): commit is RecordedCommit<'variable'> =>
  commit.stream.writer === 'variable';
