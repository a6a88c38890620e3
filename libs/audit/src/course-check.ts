import {
  type DecodedCommit,
  decodeCommit,
  groupStreamId,
  type Plan,
  shardOfId,
  type StreamName,
} from '@sluice/contracts';
import { isSluiceError, messageOf } from '@sluice/kernel';

import { type Envelope, envelopeOf, isSameEnvelope, missing, streamNamed } from './envelope.js';
import type { Report } from './findings.js';
import { Judge, type JudgedCommit } from './judge.js';
import type { AuditedCommit } from './source.js';

/**
 * What the events say, held against the invariants. It needs the commits of each stream in their order. Several of these
 * share a log by its shards: a rollout and its group are of one shard, and variables are followed by all of them.
 */
export class CourseCheck {
  readonly #judge: Judge;
  readonly #revs = new Map<string, number>();
  /** Streams whose last commit was pruned. */
  readonly #pruned = new Set<string>();
  events = 0;
  begunAtCheckpoint = 0;

  constructor(private readonly report: Report) {
    this.#judge = new Judge(report);
  }

  get rollouts(): number {
    return this.#judge.rollouts;
  }

  get open(): number {
    return this.#judge.open;
  }

  get unjudged(): readonly string[] {
    return this.#judge.unjudged;
  }

  /** `isCounted`: false for a commit that somebody else follows as well, and counts. */
  add(commit: AuditedCommit, isCounted = true): void {
    if (commit.pruned !== undefined) return this.pruned(commit.pruned.stream, commit.pruned.rev);
    const said = envelopeOf(commit.bytes);
    let decoded: DecodedCommit;
    try {
      decoded = decodeCommit(commit.bytes);
    } catch (error) {
      if (!isSluiceError(error)) throw error;
      return this.unreadable(commit, said, error.message);
    }
    if (isCounted) this.events += decoded.events.length;
    const stream = streamNamed(decoded.stream);
    if (said === undefined || !isSameEnvelope(said, decoded))
      return this.unreadable(commit, said, 'it says two things of its place');
    if (stream === undefined) return this.unreadable(commit, said, `it names a stream ${decoded.stream.slice(0, 80)}`);
    this.follow({ stream, position: commit.position, decoded }, this.follows(decoded));
  }

  /** Nobody can say what its events did. A group goes on where it says what it has come to, as behind an archive. */
  pruned(key: string, rev: number): void {
    const stream = streamNamed(key);
    this.#revs.set(key, rev);
    this.#pruned.add(key);
    if (stream?.writer === 'group') this.#judge.loseGroup(stream.id);
    else if (stream?.id.startsWith('g') === false) this.#judge.distrust(stream.id);
  }

  private follow(commit: JudgedCommit, how: 'next' | 'later' | 'resumed' | 'broken'): void {
    this.keepsToItsShard(commit);
    if (how === 'later') this.later(commit);
    else if (how === 'resumed') this.resumed(commit);
    else if (how === 'broken') this.#judge.distrust(commit.stream.id);
    else this.judged(commit);
  }

  /** As the chains see it, by the revisions alone. */
  private follows({ stream, rev }: Envelope): 'next' | 'later' | 'resumed' | 'broken' {
    const before = this.#revs.get(stream);
    this.#revs.set(stream, rev);
    if (before === undefined) return rev === 1 ? 'next' : 'later';
    if (rev !== before + 1) return 'broken';
    return this.#pruned.delete(stream) ? 'resumed' : 'next';
  }

  /** False for a stream that may not begin where it does. Whatever an event holds, it is a finding and no error. */
  private judged(commit: JudgedCommit, isBegin = false): boolean {
    try {
      if (isBegin) return this.#judge.beginAt(commit);
      this.#judge.commit(commit);
    } catch (error) {
      const { decoded, position, stream } = commit;
      this.#judge.distrust(stream.id);
      const words = `its events cannot be followed: ${messageOf(error)}`;
      this.report({ code: 'MALFORMED', stream: decoded.stream, rev: decoded.rev, position, words });
    }
    return true;
  }

  private resumed(commit: JudgedCommit): void {
    const { stream } = commit;
    const isBegun = this.judged(commit, stream.writer === 'group');
    if (!isBegun) this.#judge.distrust(stream.id);
  }

  private later(commit: JudgedCommit): void {
    const { decoded, position, stream } = commit;
    if (this.judged(commit, true)) {
      this.begunAtCheckpoint += 1;
      return;
    }
    this.#judge.distrust(stream.id);
    const words = `${missing(1, decoded.rev - 1)} missing: the stream begins with rev ${decoded.rev}`;
    this.report({ code: 'REV_GAP', stream: decoded.stream, rev: decoded.rev, position, words });
  }

  private unreadable({ stream: place, position }: AuditedCommit, said: Envelope | undefined, why: string): void {
    if (said !== undefined) this.follows(said);
    const stream = said?.stream ?? (place === undefined ? '' : `${place.writer}.${place.id}`);
    const id = stream.split('.')[1];
    if (id !== undefined) this.#judge.distrust(id);
    const rev = said === undefined ? {} : { rev: said.rev };
    this.report({ code: 'UNREADABLE', stream, ...rev, position, words: `the commit cannot be read: ${why}` });
  }

  /** A rollout, its group and what it takes back are of one shard: whoever follows that shard sees all of it. */
  private keepsToItsShard({ stream, position, decoded }: JudgedCommit): void {
    if (stream.writer !== 'plan') return;
    for (const [event, { type, ...rest }] of decoded.events.entries()) {
      if (type !== 'RolloutPlanned' || isOfShard(stream, (rest as { readonly plan: Plan }).plan)) continue;
      const words = `the plan of ${stream.id} is of a group or takes back a rollout of another shard`;
      this.report({ code: 'MALFORMED', stream: decoded.stream, rev: decoded.rev, position, event, words });
    }
  }
}

const isOfShard = ({ shard }: StreamName, { group, rollbackOf }: Plan): boolean =>
  shardOfId(groupStreamId(group)) === shard && (rollbackOf === undefined || shardOfId(rollbackOf) === shard);
