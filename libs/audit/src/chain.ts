import { streamKey, type StreamName } from '@sluice/contracts';

import { type Envelope, missing } from './envelope.js';
import type { Report } from './findings.js';

interface Head {
  readonly rev: number;
  readonly at: number;
  readonly hash: string;
}

/** Where a commit stands, and the hash of its bytes. */
export interface LinkedCommit {
  readonly position: number;
  readonly stream?: StreamName | undefined;
  /** Lower-case hex SHA-256. */
  readonly hash: string;
}

/**
 * How a commit stands to what was seen of its stream: as it should, the first that was seen but not rev 1, behind one
 * that was changed, or out of its turn.
 */
export type Linked = 'next' | 'later' | 'changed' | 'broken';

/**
 * Every stream's chain: revisions without a gap, each naming the hash of the bytes before it, times that do not go back.
 * It keeps the head of each stream, about a hundred bytes.
 */
export class Chains {
  readonly #heads = new Map<string, Head>();
  #position = 0;

  constructor(private readonly report: Report) {}

  get streams(): number {
    return this.#heads.size;
  }

  /** `later`: the stream begins here, with a rev above 1: it is for the caller to say whether it may. */
  link(envelope: Envelope, { position, hash, stream }: LinkedCommit): Linked {
    const before = this.#heads.get(envelope.stream);
    this.#heads.set(envelope.stream, { rev: envelope.rev, at: envelope.at, hash });
    const at = { stream: envelope.stream, rev: envelope.rev, position };
    if (stream !== undefined && streamKey(stream) !== envelope.stream)
      this.report({ ...at, code: 'MISPLACED', words: `a commit of ${envelope.stream} stands in ${streamKey(stream)}` });
    if (before === undefined) return this.begin(envelope, position);
    if (envelope.at < before.at)
      this.report({
        ...at,
        code: 'TIME_BACK',
        words: `its time is ${before.at - envelope.at} ms before rev ${before.rev}`,
      });
    return this.follow(envelope, before, position);
  }

  /** Positions grow, whatever the stream. */
  place(position: number): void {
    if (position <= this.#position)
      this.report({
        code: 'POSITION_BACK',
        stream: '',
        position,
        words: `position ${position} stands behind ${this.#position}: commits were reordered or told twice`,
      });
    this.#position = Math.max(this.#position, position);
  }

  private begin({ stream, rev, prev }: Envelope, position: number): Linked {
    if (rev !== 1) return 'later';
    if (prev === '') return 'next';
    const words = 'the first commit of the stream names one before it';
    this.report({ code: 'CHAIN_BROKEN', stream, rev, position, words });
    return 'changed';
  }

  private follow({ stream, rev, prev }: Envelope, before: Head, position: number): Linked {
    const at = { stream, rev, position };
    if (rev === before.rev + 1 && prev === before.hash) return 'next';
    if (rev === before.rev + 1) {
      this.report({
        ...at,
        code: 'CHAIN_BROKEN',
        words: `it names another commit as rev ${before.rev} than the one that stands there: rev ${before.rev} or this one was changed`,
      });
      return 'changed';
    }
    if (rev > before.rev)
      this.report({ ...at, code: 'REV_GAP', words: `${missing(before.rev + 1, rev - 1)} missing before rev ${rev}` });
    else
      this.report({
        ...at,
        code: 'REV_BACK',
        words: `rev ${rev} stands behind rev ${before.rev}: commits were reordered or told twice`,
      });
    return 'broken';
  }
}
