/** What is kept of a commit whose bytes were deleted: its place in its stream's chain, and its leaf in the tree. */
export interface PrunedCommit {
  /** `<writer>.<id>`. */
  readonly stream: string;
  readonly rev: number;
  /** ms since the epoch. */
  readonly at: number;
  readonly prev: string;
  /** Lower-case hex SHA-256 of the bytes that were there. */
  readonly sha256: string;
  /** Their leaf hash in the tree (hashLeaf). */
  readonly leaf: Buffer;
}
