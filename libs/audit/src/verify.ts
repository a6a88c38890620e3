import { availableParallelism } from 'node:os';

import { sha256 } from '@sluice/contracts';
import { isSluiceError } from '@sluice/kernel';

import { CourseCheck } from './course-check.js';
import { envelopeOf } from './envelope.js';
import { brokenOff } from './findings.js';
import { Findings } from './found.js';
import { SharedVerifier, THREAD_FAILED } from './lanes/shared-verifier.js';
import { leafOf } from './leaf.js';
import { LinkCheck } from './links.js';
import { type AuditCounts, type AuditReport, courseSeen, reportOf, treeOf, type VerifyOptions } from './report.js';
import { aheadOf, type AuditedCommit, type CommitSource } from './source.js';

const PROGRESS_EVERY = 10_000;
const MAX_THREADS = 4;
/** What is shorter is read by one thread: to start others would take as long. */
const SHARED_FROM_BYTES = 16 * 1024 * 1024;

/** Takes the commits one by one, and says at the end what was wrong. */
interface Verifier {
  /** Undefined, or resolves when there is room for more. */
  add(commit: AuditedCommit): Promise<void> | undefined;
  broke(words: string): void;
  finish(): AuditReport | Promise<AuditReport>;
}

/**
 * Reads a log once and says what is wrong with it. In memory are the head of each stream, the rollouts that are open, and
 * of a long log 16 MiB that were read ahead. It never throws for what stands in the log: only for a fault of its own.
 */
export async function verifyLog(source: CommitSource, options: VerifyOptions = {}): Promise<AuditReport> {
  const threads = options.threads ?? Math.min(MAX_THREADS, availableParallelism());
  if (threads < 2) return verified(source, new LogVerifier(options));
  const start = performance.now();
  const { isLong, commits } = await aheadOf(source, options.sharedFrom ?? SHARED_FROM_BYTES);
  if (!isLong) return verified(commits, new LogVerifier(options, start));
  const shared = new SharedVerifier(options, threads, start);
  try {
    return await verified(commits, shared);
  } finally {
    await shared.close();
  }
}

async function verified(source: CommitSource, verifier: Verifier): Promise<AuditReport> {
  try {
    for await (const commit of source) {
      const full = verifier.add(commit);
      if (full !== undefined) await full;
    }
  } catch (error) {
    if (!isSluiceError(error) || error.code === THREAD_FAILED) throw error;
    verifier.broke(error.message);
  }
  return verifier.finish();
}

/** The same for whoever has the commits coming in: `add` each in the order of the log, then `finish`. */
export class LogVerifier implements Verifier {
  readonly #findings = new Findings();
  readonly #links: LinkCheck;
  readonly #tree;
  readonly #course: CourseCheck;
  #commits = 0;
  #bytes = 0;
  #pruned = 0;

  constructor(
    private readonly options: VerifyOptions = {},
    private readonly start = performance.now(),
  ) {
    this.#links = new LinkCheck(options.events === false, this.#findings.report);
    this.#tree = treeOf(options);
    this.#course = new CourseCheck(this.#findings.report);
  }

  get counts(): AuditCounts {
    const { events, rollouts } = this.#course;
    return { streams: this.#links.streams, commits: this.#commits, events, bytes: this.#bytes, rollouts };
  }

  add(commit: AuditedCommit): undefined {
    const { bytes, pruned } = commit;
    this.#commits += 1;
    this.#bytes += bytes.length;
    this.#findings.at = this.#commits;
    this.#tree?.append(leafOf(commit));
    this.#links.add({ ...commit, said: pruned ?? envelopeOf(bytes), hash: pruned?.sha256 ?? sha256(bytes) });
    if (pruned !== undefined) this.#pruned += 1;
    if (this.options.events !== false) this.#course.add(commit);
    if (this.#commits % PROGRESS_EVERY === 0) this.options.progress?.(this.counts);
    return undefined;
  }

  /** The source came to an end before the log did. */
  broke(words: string): void {
    this.#findings.at = Infinity;
    this.#findings.report(brokenOff(words));
  }

  finish(): AuditReport {
    const read = { start: this.start, commits: this.#commits, bytes: this.#bytes, pruned: this.#pruned };
    // What was found of the events is in one list with the rest.
    const courses = [courseSeen(this.#course, { first: [], count: 0 })];
    return reportOf(read, this.options, { links: this.#links, tree: this.#tree, courses, findings: this.#findings });
  }
}
