import type { Checkpoint } from '@sluice/proof';

import type { CourseCheck } from './course-check.js';
import type { Finding } from './findings.js';
import { type Findings, type Found, inOrder, MAX_FINDINGS } from './found.js';
import type { LinkCheck } from './links.js';
import { CheckedTree, type TreeSeen } from './tree.js';

export interface VerifyOptions {
  /** Checkpoints of this log whose signatures were checked (openCheckpoint); the log must begin with each. */
  readonly checkpoints?: readonly Checkpoint[];
  /** Builds the Merkle tree also without a checkpoint, so that one can be signed; it costs one more hash per commit. */
  readonly tree?: boolean;
  /** False: only chains and checkpoints; no event is looked at. */
  readonly events?: boolean;
  /** Told now and then how far it is, for a line on a terminal. */
  readonly progress?: (counts: AuditCounts) => void;
  /** Threads that share a long log, this one among them; as many as there are cores, and at most four, when absent. */
  readonly threads?: number;
  /** Bytes from which on a log is long: 16 MiB when absent. A shorter one is read by one thread alone. */
  readonly sharedFrom?: number;
}

export interface AuditCounts {
  readonly streams: number;
  readonly commits: number;
  readonly events: number;
  readonly bytes: number;
  readonly rollouts: number;
}

export interface AuditReport {
  /** Nothing was found. */
  readonly ok: boolean;
  readonly counts: AuditCounts;
  /** Rollouts that had not ended. */
  readonly open: number;
  /** The first thousand, in the order of the log. */
  readonly findings: readonly Finding[];
  /** How many more there are. */
  readonly more: number;
  /** What is no fault of the log, and should be looked at: clocks that disagree. */
  readonly warnings: readonly Finding[];
  /** Commits whose bytes were deleted from the archive: held against chains and tree by what was kept of them. */
  readonly pruned: number;
  /** Ids of streams whose history is not whole: their events were not held against the invariants. Sorted, at most a thousand. */
  readonly unjudged: readonly string[];
  /** Groups that begin at a checkpoint of their own: what stood before it is in the archive. */
  readonly begunAtCheckpoint: number;
  readonly checkpoints: { readonly given: number; readonly held: number };
  readonly tree?: TreeSeen;
  /** Of the last commit; 0 for an empty log. */
  readonly position: number;
  readonly ms: number;
  readonly bytesPerSecond: number;
}

/** What somebody made of the events that he was given. */
export interface CourseSeen {
  readonly events: number;
  readonly rollouts: number;
  readonly open: number;
  readonly unjudged: readonly string[];
  readonly begunAtCheckpoint: number;
  readonly first: readonly Found[];
  readonly count: number;
}

export function courseSeen(check: CourseCheck, { first, count }: Pick<Findings, 'first' | 'count'>): CourseSeen {
  const { events, rollouts, open, unjudged, begunAtCheckpoint } = check;
  return { events, rollouts, open, unjudged, begunAtCheckpoint, first, count };
}

/** What was read. */
export interface Read {
  /** ms since the process began. */
  readonly start: number;
  readonly commits: number;
  readonly bytes: number;
  /** How many of the commits were pruned. */
  readonly pruned: number;
}

/** Who has looked at it. */
export interface Checks {
  readonly links: LinkCheck;
  readonly tree: CheckedTree | undefined;
  readonly courses: readonly CourseSeen[];
  /** What was found beside what the tree and the courses have found. */
  readonly findings: Findings;
}

/** The tree ends here: a checkpoint of more commits is told now. */
export function reportOf(read: Read, options: VerifyOptions, checks: Checks): AuditReport {
  const { links, tree, courses } = checks;
  const seen = tree?.finish();
  const sum = (of: (course: CourseSeen) => number): number => courses.reduce((all, course) => all + of(course), 0);
  const { findings, count } = foundBy(checks);
  const { start, commits, bytes, pruned } = read;
  const ms = performance.now() - start;
  return {
    ok: count === 0,
    counts: {
      ...{ streams: links.streams, commits, bytes },
      ...{ events: sum(({ events }) => events), rollouts: sum(({ rollouts }) => rollouts) },
    },
    open: sum(({ open }) => open),
    findings,
    more: count - findings.length,
    warnings: links.warnings,
    pruned,
    unjudged: unjudgedBy(courses),
    begunAtCheckpoint: links.begunAtCheckpoint + sum(({ begunAtCheckpoint }) => begunAtCheckpoint),
    checkpoints: { given: options.checkpoints?.length ?? 0, held: tree?.held ?? 0 },
    ...(seen === undefined ? {} : { tree: seen }),
    position: links.position,
    ms,
    bytesPerSecond: bytes / Math.max(ms / 1_000, 1e-6),
  };
}

const foundBy = ({ findings, tree, courses }: Checks) =>
  inOrder([findings, ...(tree === undefined ? [] : [tree.findings]), ...courses]);

const unjudgedBy = (courses: readonly CourseSeen[]): readonly string[] =>
  [...new Set(courses.flatMap(({ unjudged }) => unjudged))].toSorted().slice(0, MAX_FINDINGS);

export const treeOf = ({ checkpoints = [], tree = false }: VerifyOptions): CheckedTree | undefined =>
  tree || checkpoints.length > 0 ? new CheckedTree(checkpoints) : undefined;
