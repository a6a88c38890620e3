/** How a release of hello behaves; see server.mjs. */
export interface HelloRelease {
  readonly version: string;
  readonly healthyAfterMs?: number;
  readonly failVerifyOn?: 'all' | readonly string[];
  readonly crashOn?: 'all' | readonly string[];
  readonly errorEvery?: number;
  readonly answerMs?: number;
  readonly ignoreSigterm?: boolean;
}

export interface PackedRelease {
  readonly version: string;
  readonly file: string;
  /** `file://` of it. */
  readonly url: string;
  /** The same for the same release on each machine. */
  readonly sha256: string;
}

/** Writes `hello-<version>.tar.gz` into a folder, which is made when it is missing. */
export declare function packRelease(release: HelloRelease, folder: string): PackedRelease;

/** Files of one folder as the bytes of a tar.gz that depend on nothing but their names and contents. */
export declare function packFiles(files: Readonly<Record<string, string | Uint8Array>>): Buffer;
