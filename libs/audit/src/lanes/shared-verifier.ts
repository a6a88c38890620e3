import { setImmediate as turn } from 'node:timers/promises';

import { sha256, SHARD_COUNT, shardOfId, type StreamName } from '@sluice/contracts';

import { CourseCheck } from '../course-check.js';
import { type Envelope, envelopeOf } from '../envelope.js';
import { brokenOff } from '../findings.js';
import { Findings } from '../found.js';
import { leafOf } from '../leaf.js';
import { LinkCheck } from '../links.js';
import {
  type AuditCounts,
  type AuditReport,
  type CourseSeen,
  courseSeen,
  reportOf,
  treeOf,
  type VerifyOptions,
} from '../report.js';
import type { AuditedCommit } from '../source.js';
import { BATCH_BYTES } from './batch.js';
import { BatchThread } from './batch-thread.js';
import type { Places } from './course-worker.js';
import { SharedLeaves } from './shared-leaves.js';

export { THREAD_FAILED } from './batch-thread.js';

const VARIABLE = 'variable.';

type CourseThread = BatchThread<Places, Pick<CourseSeen, 'events' | 'rollouts'> & Partial<CourseSeen>>;

/** Some shards, followed by a thread of their own. */
class Course {
  readonly thread: CourseThread;
  #places: [number, StreamName][] = [];
  counts = { events: 0, rollouts: 0 };

  constructor() {
    this.thread = new BatchThread(
      'course-worker.js',
      ({ events, rollouts }) => (this.counts = { events, rollouts }),
      () => this.#places.splice(0),
    );
  }

  /** A negative ordinal is that of a commit which another counts. */
  add(ordinal: number, { bytes, position, stream, pruned }: AuditedCommit): Promise<void> | undefined {
    // A negative position is that of a commit that was pruned: all that is told of it is its place in its stream.
    if (pruned !== undefined) return this.thread.add(Buffer.from(`${pruned.stream} ${pruned.rev}`), ordinal, -position);
    if (stream !== undefined && envelopeOf(bytes) === undefined) this.#places.push([Math.abs(ordinal), stream]);
    return this.thread.add(bytes, ordinal, position);
  }
}

/**
 * Verifies a long log with several threads. This one reads, links the chains and follows its share of the shards; each
 * of the others follows another share, as a rollout and its group are of one shard; variables are followed by all. Where no event is looked at, another
 * thread takes hashes.
 */
export class SharedVerifier {
  readonly #findings = new Findings();
  readonly #links: LinkCheck;
  readonly #tree;
  readonly #own: CourseCheck;
  readonly #courses: readonly Course[];
  readonly #leaves: SharedLeaves | undefined;
  #commits = 0;
  #bytes = 0;
  #pruned = 0;
  /** Bytes at which others get a turn. */
  #nextTurn = 0;

  constructor(
    private readonly options: VerifyOptions,
    threads: number,
    private readonly start: number,
  ) {
    const isAlone = options.events === false;
    this.#links = new LinkCheck(isAlone, this.#findings.report);
    this.#own = new CourseCheck(this.#findings.report);
    this.#tree = treeOf(options);
    const others = isAlone ? 0 : Math.min(threads, SHARD_COUNT) - 1;
    this.#courses = Array.from({ length: others }, () => new Course());
    this.#leaves = isAlone && this.#tree !== undefined ? new SharedLeaves(this.#tree) : undefined;
  }

  /** Undefined when there is room for more at once. Code AUDIT_THREAD_FAILED. */
  add(commit: AuditedCommit): Promise<void> | undefined {
    const { bytes, pruned } = commit;
    this.#commits += 1;
    this.#bytes += bytes.length;
    this.#findings.at = this.#commits;
    const said = pruned ?? envelopeOf(bytes);
    this.#links.add({ ...commit, said, hash: pruned?.sha256 ?? sha256(bytes) });
    if (pruned !== undefined) this.#pruned += 1;
    const hashed = this.hashed(commit);
    const followed = this.options.events === false ? undefined : this.follow(commit, said);
    return hashed ?? followed ?? this.turn();
  }

  private hashed(commit: AuditedCommit): Promise<void> | undefined {
    if (this.#leaves !== undefined) return this.#leaves.add(commit.bytes, commit.pruned?.leaf);
    this.#tree?.append(leafOf(commit));
    return undefined;
  }

  /** The source came to an end before the log did. */
  broke(words: string): void {
    this.#findings.at = Infinity;
    this.#findings.report(brokenOff(words));
  }

  /** Code AUDIT_THREAD_FAILED. */
  async finish(): Promise<AuditReport> {
    await this.#leaves?.finish();
    const theirs = await Promise.all(this.#courses.map(({ thread }) => thread.end()));
    const own = courseSeen(this.#own, { first: [], count: 0 });
    const courses = [own, ...theirs.map((seen) => ({ ...NOTHING_SEEN, ...seen }))];
    const read = { start: this.start, commits: this.#commits, bytes: this.#bytes, pruned: this.#pruned };
    return reportOf(read, this.options, { links: this.#links, tree: this.#tree, courses, findings: this.#findings });
  }

  async close(): Promise<void> {
    await Promise.all([this.#leaves?.close(), ...this.#courses.map(({ thread }) => thread.close())]);
  }

  private follow(commit: AuditedCommit, said: Envelope | undefined): Promise<void> | undefined {
    const lane = this.laneOf(commit, said);
    if (said?.stream.startsWith(VARIABLE) === true) return this.followAll(commit, lane);
    const other = this.#courses[lane - 1];
    if (other !== undefined) return other.add(this.#commits, commit);
    this.#own.add(commit);
    return undefined;
  }

  /** Ramps of all shards look at variables, and variables at whoever drives them. */
  private async followAll(commit: AuditedCommit, lane: number): Promise<void> {
    const ordinal = this.#commits;
    this.#own.add(commit, lane === 0);
    for (const [i, course] of this.#courses.entries()) await course.add(lane === i + 1 ? ordinal : -ordinal, commit);
  }

  /** By the shard, as far as it is known. */
  private laneOf({ stream, position }: AuditedCommit, said: Envelope | undefined): number {
    const id = said?.stream.split('.')[1] ?? stream?.id ?? '';
    return Number(shardOfId(id) ?? position) % (this.#courses.length + 1);
  }

  /** So that what the threads say is heard, also when all there is to read is in memory. */
  private turn(): Promise<void> | undefined {
    if (this.#bytes < this.#nextTurn) return undefined;
    this.#nextTurn = this.#bytes + BATCH_BYTES;
    this.options.progress?.(this.counts);
    return turn();
  }

  private get counts(): AuditCounts {
    const all = [this.#own, ...this.#courses.map(({ counts }) => counts)];
    const sum = (of: 'events' | 'rollouts'): number => all.reduce((total, counts) => total + counts[of], 0);
    const read = { streams: this.#links.streams, commits: this.#commits, bytes: this.#bytes };
    return { ...read, events: sum('events'), rollouts: sum('rollouts') };
  }
}

const NOTHING_SEEN = { open: 0, unjudged: [], begunAtCheckpoint: 0, first: [], count: 0 };
