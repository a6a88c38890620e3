import {
  decodeCommit,
  type DecodedCommit,
  shardOfId,
  type StreamName,
  streamOfSubject,
  SUBJECTS,
  type Writer,
} from '@sluice/contracts';
import { isSluiceError, messageOf } from '@sluice/kernel';
import type { Checkpoint } from '@sluice/proof';

import { Chains, type Envelope, type Linked, missing } from './chain.js';
import type { Finding } from './findings.js';
import { Judge, type JudgedCommit } from './judge.js';
import type { AuditedCommit, CommitSource } from './source.js';
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
  /** Ids of streams whose history is not whole: their events were not held against the invariants. At most a thousand. */
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

const MAX_FINDINGS = 1_000;
const PROGRESS_EVERY = 10_000;

/**
 * Reads a log once and says what is wrong with it. In memory are the head of each stream and the rollouts that are open.
 * It never throws for what stands in the log: only for a fault of its own.
 */
export async function verifyLog(source: CommitSource, options: VerifyOptions = {}): Promise<AuditReport> {
  const verifier = new LogVerifier(options);
  try {
    for await (const commit of source) verifier.add(commit);
  } catch (error) {
    if (!isSluiceError(error)) throw error;
    verifier.broke(error.message);
  }
  return verifier.finish();
}

/** The same for whoever has the commits coming in: `add` each in the order of the log, then `finish`. */
export class LogVerifier {
  readonly #start = performance.now();
  readonly #findings: Finding[] = [];
  readonly #chains: Chains;
  readonly #judge: Judge;
  readonly #tree: CheckedTree | undefined;
  #found = 0;
  #sums = { commits: 0, events: 0, bytes: 0, position: 0, begunAtCheckpoint: 0 };

  constructor(private readonly options: VerifyOptions = {}) {
    const report = (finding: Finding): void => {
      this.#found += 1;
      if (this.#findings.length < MAX_FINDINGS) this.#findings.push(finding);
    };
    this.#chains = new Chains(report);
    this.#judge = new Judge(report);
    const { checkpoints = [], tree = false } = options;
    this.#tree = tree || checkpoints.length > 0 ? new CheckedTree(checkpoints, report) : undefined;
    this.#report = report;
  }

  readonly #report: (finding: Finding) => void;

  get counts(): AuditCounts {
    const { commits, events, bytes } = this.#sums;
    return { streams: this.#chains.streams, commits, events, bytes, rollouts: this.#judge.rollouts };
  }

  add(commit: AuditedCommit): void {
    const sums = this.#sums;
    sums.commits += 1;
    sums.bytes += commit.bytes.length;
    this.#chains.place(commit);
    sums.position = commit.position;
    this.#tree?.append(commit.bytes);
    this.#read(commit);
    if (sums.commits % PROGRESS_EVERY === 0) this.options.progress?.(this.counts);
  }

  /** The source came to an end before the log did. */
  broke(words: string): void {
    this.#report({ code: 'SOURCE_BROKEN', stream: '', words: `the log could not be read to its end: ${words}` });
  }

  finish(): AuditReport {
    const tree = this.#tree?.finish();
    const ms = performance.now() - this.#start;
    const { bytes, position, begunAtCheckpoint } = this.#sums;
    const given = this.options.checkpoints?.length ?? 0;
    return {
      ok: this.#found === 0,
      counts: this.counts,
      open: this.#judge.open,
      findings: this.#findings,
      more: this.#found - this.#findings.length,
      unjudged: this.#judge.unjudged.slice(0, MAX_FINDINGS),
      begunAtCheckpoint,
      checkpoints: { given, held: this.#tree?.held ?? 0 },
      ...(tree === undefined ? {} : { tree }),
      position,
      ms,
      bytesPerSecond: bytes / Math.max(ms / 1_000, 1e-6),
    };
  }

  #read(commit: AuditedCommit): void {
    if (this.options.events === false) return this.#linkOnly(commit);
    let decoded: DecodedCommit;
    try {
      decoded = decodeCommit(commit.bytes);
    } catch (error) {
      if (!isSluiceError(error)) throw error;
      return this.#unreadable(commit, error.message);
    }
    this.#sums.events += decoded.events.length;
    const linked = this.#chains.link(decoded, commit);
    const stream = streamNamed(decoded.stream);
    if (stream === undefined) return this.#unreadable(commit, `it names a stream ${decoded.stream.slice(0, 80)}`);
    const judged = { stream, position: commit.position, decoded };
    if (linked === 'later') this.#later(judged);
    else if (linked === 'broken') this.#judge.distrust(stream.id);
    else this.#judged(judged);
  }

  /** False for a stream that may not begin where it does. Whatever an event holds, it is a finding and no error. */
  #judged(commit: JudgedCommit, isBegin = false): boolean {
    try {
      if (isBegin) return this.#judge.beginAt(commit);
      this.#judge.commit(commit);
    } catch (error) {
      const { decoded, position, stream } = commit;
      this.#judge.distrust(stream.id);
      const words = `its events cannot be followed: ${messageOf(error)}`;
      this.#report({ code: 'MALFORMED', stream: decoded.stream, rev: decoded.rev, position, words });
    }
    return true;
  }

  #later(judged: JudgedCommit): void {
    const { decoded, position, stream } = judged;
    if (this.#judged(judged, true)) {
      this.#sums.begunAtCheckpoint += 1;
      return;
    }
    this.#judge.distrust(stream.id);
    const words = `${missing(1, decoded.rev - 1)} missing: the stream begins with rev ${decoded.rev}`;
    this.#report({ code: 'REV_GAP', stream: decoded.stream, rev: decoded.rev, position, words });
  }

  #unreadable(commit: AuditedCommit, why: string): void {
    const envelope = envelopeOf(commit.bytes);
    if (envelope !== undefined) this.#chains.link(envelope, commit);
    const stream =
      envelope?.stream ?? (commit.stream === undefined ? '' : `${commit.stream.writer}.${commit.stream.id}`);
    const id = stream.split('.')[1];
    if (id !== undefined) this.#judge.distrust(id);
    const { position } = commit;
    const rev = envelope === undefined ? {} : { rev: envelope.rev };
    this.#report({ code: 'UNREADABLE', stream, ...rev, position, words: `the commit cannot be read: ${why}` });
  }

  #linkOnly(commit: AuditedCommit): void {
    const envelope = envelopeOf(commit.bytes);
    if (envelope === undefined) return this.#unreadable(commit, 'it does not begin as one');
    const linked: Linked = this.#chains.link(envelope, commit);
    if (linked !== 'later') return;
    if (envelope.stream.startsWith('group.')) this.#sums.begunAtCheckpoint += 1;
    else {
      const words = `${missing(1, envelope.rev - 1)} missing: the stream begins with rev ${envelope.rev}`;
      this.#report({ code: 'REV_GAP', stream: envelope.stream, rev: envelope.rev, position: commit.position, words });
    }
  }
}

const ENVELOPE =
  /^\{"v":1,"id":"[^"\\]{0,64}","stream":"([a-z]{1,16}\.[\w=-]{1,300})","rev":([1-9]\d{0,14}),"at":(\d{1,15}),"prev":"([\da-f]{0,64})","events":\[/;
const MAX_ENVELOPE = 640;

/** What a commit says of itself, as far as it begins like one: the rest of it may be damaged. */
function envelopeOf(bytes: Uint8Array): Envelope | undefined {
  const head = Buffer.from(bytes.buffer, bytes.byteOffset, Math.min(bytes.length, MAX_ENVELOPE)).toString('latin1');
  const [, stream, rev, at, prev] = ENVELOPE.exec(head) ?? [];
  if (stream === undefined || prev === undefined) return undefined;
  return { stream, rev: Number(rev), at: Number(at), prev };
}

function streamNamed(key: string): StreamName | undefined {
  const [writer = '', id = ''] = key.split('.');
  const shard = shardOfId(id);
  if (shard === undefined) return undefined;
  return streamOfSubject(SUBJECTS.log({ shard, writer: writer as Writer, id }));
}
