/** Bounds of what is fetched and unpacked. */
export interface ArtifactLimits {
  /** Of the file as it is fetched. */
  readonly maxBytes: number;
  /** Of all files in it together. */
  readonly maxUnpackedBytes: number;
  readonly maxEntries: number;
  readonly downloadTimeoutMs: number;
  /** A connection that brings nothing for this long is given up. */
  readonly stallTimeoutMs: number;
}

const GIB = 1024 ** 3;

export const DEFAULT_LIMITS: ArtifactLimits = {
  maxBytes: 2 * GIB,
  maxUnpackedBytes: 8 * GIB,
  maxEntries: 100_000,
  downloadTimeoutMs: 15 * 60_000,
  stallTimeoutMs: 30_000,
};
