import { createHash } from 'node:crypto';
import { type FileHandle, open } from 'node:fs/promises';
import { join } from 'node:path';

/** A file of an export, by what is in it. */
export interface ExportedPart {
  readonly name: string;
  readonly sha256: string;
  readonly bytes: number;
  /** Events, or commits in an export of commits. */
  readonly rows: number;
}

const FLUSH_BYTES = 1024 * 1024;

/** A file that is hashed while it is written. It must not be there before. */
export class PartFile {
  readonly #hash = createHash('sha256');
  #waiting: Uint8Array[] = [];
  #waitingBytes = 0;
  #bytes = 0;

  private constructor(
    private readonly name: string,
    private readonly file: FileHandle,
  ) {}

  static async create(folder: string, name: string): Promise<PartFile> {
    return new PartFile(name, await open(join(folder, name), 'wx'));
  }

  get bytes(): number {
    return this.#bytes;
  }

  async write(bytes: Uint8Array): Promise<void> {
    this.#hash.update(bytes);
    this.#waiting.push(bytes);
    this.#waitingBytes += bytes.length;
    this.#bytes += bytes.length;
    if (this.#waitingBytes >= FLUSH_BYTES) await this.flush();
  }

  /** On the disk when it resolves. */
  async close(rows: number): Promise<ExportedPart> {
    try {
      await this.flush();
      await this.file.sync();
    } finally {
      await this.file.close();
    }
    return { name: this.name, sha256: this.#hash.digest('hex'), bytes: this.#bytes, rows };
  }

  private async flush(): Promise<void> {
    const all = Buffer.concat(this.#waiting);
    this.#waiting = [];
    this.#waitingBytes = 0;
    await this.file.writeFile(all);
  }
}
