import { createHash, type Hash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { type FileHandle, open, rename, rm } from 'node:fs/promises';

import { readIfThere, writeFileAtomic } from '../files/durable.js';
import { onDisk } from '../files/disk-fault.js';

/** Whose bytes a partial file holds: `validator` is what that server calls this state of the file. */
export interface Provenance {
  readonly url: string;
  readonly validator?: string;
}

interface Held {
  readonly hash: Hash;
  readonly written: number;
  readonly from: Provenance | undefined;
}

const nothing = (from?: Provenance): Held => ({ hash: createHash('sha256'), written: 0, from });

/**
 * A download under way, kept over broken connections and a crash of the agent: what is in the file is hashed again
 * when it is opened, so file and hash never differ. Where its bytes came from stands beside it, in `<path>.json`.
 * All methods fail with DISK_FULL, NO_PERMISSION or DISK_ERROR.
 */
export class PartialFile {
  private constructor(
    private readonly path: string,
    private readonly handle: FileHandle,
    private held: Held,
  ) {}

  static open(path: string): Promise<PartialFile> {
    return onDisk(path, async () => {
      const handle = await open(path, 'a+', 0o640);
      try {
        const hash = createHash('sha256');
        let size = 0;
        for await (const chunk of createReadStream(path) as AsyncIterable<Buffer>) {
          hash.update(chunk);
          size += chunk.length;
        }
        return new PartialFile(path, handle, { hash, written: size, from: await provenanceAt(path) });
      } catch (error) {
        await handle.close();
        throw error;
      }
    });
  }

  get size(): number {
    return this.held.written;
  }

  /** Lower-case hex, of what is there. */
  digest(): string {
    return this.held.hash.copy().digest('hex');
  }

  /** What the server that sent these bytes called them; undefined for another server. */
  validatorOf(url: string): string | undefined {
    const { from } = this.held;
    return from?.url === url ? from.validator : undefined;
  }

  async append(chunk: Buffer): Promise<void> {
    await onDisk(this.path, () => this.handle.appendFile(chunk));
    const { hash, written, from } = this.held;
    this.held = { hash: hash.update(chunk), written: written + chunk.length, from };
  }

  /** Empties it, for bytes that come from the beginning. */
  async restart(from?: Provenance): Promise<void> {
    await onDisk(this.path, async () => {
      await this.handle.truncate(0);
      if (from === undefined) await rm(`${this.path}.json`, { force: true });
      else await writeFileAtomic(`${this.path}.json`, JSON.stringify(from));
    });
    this.held = nothing(from);
  }

  async close(): Promise<void> {
    await this.handle.close();
  }

  async moveTo(file: string): Promise<void> {
    await onDisk(file, async () => {
      await rename(this.path, file);
      await rm(`${this.path}.json`, { force: true });
    });
  }

  async remove(): Promise<void> {
    await rm(this.path, { force: true });
    await rm(`${this.path}.json`, { force: true });
  }
}

/** A file that says nothing of use only costs the validator: the digest decides in the end. */
async function provenanceAt(path: string): Promise<Provenance | undefined> {
  try {
    const value: unknown = JSON.parse((await readIfThere(`${path}.json`)) ?? '');
    if (typeof value !== 'object' || value === null || !('url' in value) || typeof value.url !== 'string')
      return undefined;
    const validator = 'validator' in value && typeof value.validator === 'string' ? value.validator : undefined;
    return { url: value.url, ...(validator === undefined ? {} : { validator }) };
  } catch {
    return undefined;
  }
}
