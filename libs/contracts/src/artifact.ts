/** A duration as people write it: `300ms`, `30s`, `5m`, `2h`, `14d`. */
export type DurationText = string;

/** Another place with the same bytes. With a `site` it is for hosts of that site alone. */
export interface ArtifactSource {
  readonly site?: string;
  readonly url: string;
}

/** Where the bytes are and what they must be: refused without a sha256 (design 9). `http(s)://` or `file://`. */
export interface ArtifactRef {
  readonly url: string;
  /** Lower-case hex. */
  readonly sha256: string;
  /** Tried before `url`, in this order: those of the host's own site, then those without a site (TAR-36). */
  readonly sources?: readonly ArtifactSource[];
}
