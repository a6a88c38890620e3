import type { CommitSource } from '@sluice/audit';
import type { StoredRange } from '@sluice/proof';

/** The log that is signed. Codes: NATS_UNAVAILABLE, LOG_MISSING, ARCHIVE_UNAVAILABLE, ARCHIVE_DAMAGED. */
export interface SignedLog {
  /** Of the last commit that was ever written; 0 for an empty log. */
  position(): Promise<number>;
  /** What stands in the log from that position on. */
  from(position: number): CommitSource;
  /** The same with what was moved out of the log; absent when there is no archive. */
  readonly withArchive?: ((position: number) => CommitSource) | undefined;
}

/** What a signer keeps between checkpoints: the edge of the tree, and the last commit that is in it. */
export interface SignerState {
  readonly range: StoredRange;
  /** Of the last commit in the tree; 0 when there is none. */
  readonly position: number;
  /** Its leaf hash in base64; '' when there is none. */
  readonly leaf: string;
  /** The last checkpoint that was signed: a note. */
  readonly checkpoint: string;
}

export interface SignedCheckpoint {
  readonly note: string;
  readonly size: number;
  /** ms since the epoch. */
  readonly at: number;
  /** That it goes on from the one before, as a file; absent for the first. */
  readonly consistency?: string;
}

/** Where checkpoints and the state are kept for good. */
export interface CheckpointStore {
  /** Code BAD_STATE_FILE for what cannot be a state. */
  load(): Promise<SignerState | undefined>;
  /** The newest checkpoint that stands there, also when the state is gone. */
  latest(): Promise<string | undefined>;
  /** Durable when it resolves: first the checkpoint, then the state. */
  keep(signed: SignedCheckpoint, state: SignerState): Promise<void>;
}

/** Shows a checkpoint to somebody else. It may fail: the store has it. */
export interface Publisher {
  readonly name: string;
  publish(signed: SignedCheckpoint): Promise<void>;
}
