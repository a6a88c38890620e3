export interface PackedAgent {
  readonly version: string;
  readonly file: string;
  /** `file://` of it. */
  readonly url: string;
  readonly sha256: string;
}

/** The program of the built agent with all it imports, as files by name. */
export declare function bundleAgent(): Promise<Readonly<Record<string, Uint8Array>>>;

/** Writes `sluice-agent-<version>.tar.gz` with these files and a package.json into a folder, which is made. */
export declare function packAgent(
  version: string,
  folder: string,
  files: Readonly<Record<string, string | Uint8Array>>,
): PackedAgent;
