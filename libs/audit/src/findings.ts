/**
 * What is wrong with a log. Beside these codes stand the names of the invariants (I1 to I13) and the rules that the
 * simulator checks by their names (`TAR-32`, `STR-07` ...).
 */
export type ChainCode =
  /** The bytes are no commit, or of an event that this version does not know. */
  | 'UNREADABLE'
  /** It can be read, but an event in it is none that could have been written. */
  | 'MALFORMED'
  /** A rollout has events and no plan. */
  | 'PLAN_MISSING'
  /** An event behind the end of a rollout. */
  | 'TERMINAL'
  /** A commit of another stream than the place where it stands. */
  | 'MISPLACED'
  /** `prev` is not the SHA-256 of the commit before: one of the two was changed. */
  | 'CHAIN_BROKEN'
  /** Commits are missing. */
  | 'REV_GAP'
  /** A commit stands behind a later one of its stream, or once more. */
  | 'REV_BACK'
  /** The log's positions do not grow. */
  | 'POSITION_BACK'
  /** `at` is before that of the commit before. */
  | 'TIME_BACK';

export type CheckpointCode =
  /** The log ends before a checkpoint that was signed. */
  | 'TAIL_CUT'
  /** The log is not the one that was signed. */
  | 'ROOT_MISMATCH';

/** The source stopped with an error: what is behind it was not seen. */
export type SourceCode = 'SOURCE_BROKEN';

export interface Finding {
  readonly code: ChainCode | CheckpointCode | SourceCode | (string & {});
  /** `<writer>.<id>`; '' when it is about the log as a whole. */
  readonly stream: string;
  /** Of the commit; absent when it is not known, or the finding is about the whole. */
  readonly rev?: number;
  readonly position?: number;
  /** Index of the event in its commit, from 0. */
  readonly event?: number;
  readonly words: string;
}

export type Report = (finding: Finding) => void;

export const brokenOff = (words: string): Finding => ({
  code: 'SOURCE_BROKEN',
  stream: '',
  words: `the log could not be read to its end: ${words}`,
});
