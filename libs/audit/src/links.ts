import type { StreamName } from '@sluice/contracts';

import { Chains, type LinkedCommit } from './chain.js';
import { ClockCheck } from './clocks.js';
import { type Envelope, missing } from './envelope.js';
import type { Finding, Report } from './findings.js';

/** A commit by its hash, and what it says of itself; undefined for bytes that are no commit. */
export interface HashedCommit extends LinkedCommit {
  readonly said: Envelope | undefined;
}

/** The chains of all streams: what needs every commit in the order of the log, and no byte of them but their hashes. */
export class LinkCheck {
  readonly #chains: Chains;
  readonly #clocks = new ClockCheck();
  position = 0;
  begunAtCheckpoint = 0;

  /** `alone`: nobody else looks at the commits, so that what stands in no chain is told here. */
  constructor(
    private readonly alone: boolean,
    private readonly report: Report,
  ) {
    this.#chains = new Chains(report);
  }

  get streams(): number {
    return this.#chains.streams;
  }

  /** What is no fault of the log, and should be looked at. */
  get warnings(): readonly Finding[] {
    return this.#clocks.warnings();
  }

  add(commit: HashedCommit): void {
    const { position, said } = commit;
    if (said !== undefined) this.#clocks.saw(said.stream, said.rev, { at: said.at, position });
    this.#chains.place(position);
    this.position = position;
    const linked = said === undefined ? undefined : this.#chains.link(said, commit);
    if (!this.alone) return;
    if (said === undefined) this.unreadable(commit);
    else if (linked === 'later') this.later(said, position);
  }

  private unreadable({ stream, position }: HashedCommit): void {
    const words = 'the commit cannot be read: it does not begin as one';
    this.report({ code: 'UNREADABLE', stream: named(stream), position, words });
  }

  private later({ stream, rev }: Envelope, position: number): void {
    if (stream.startsWith('group.')) {
      this.begunAtCheckpoint += 1;
      return;
    }
    const words = `${missing(1, rev - 1)} missing: the stream begins with rev ${rev}`;
    this.report({ code: 'REV_GAP', stream, rev, position, words });
  }
}

const named = (stream: StreamName | undefined): string => (stream === undefined ? '' : `${stream.writer}.${stream.id}`);
