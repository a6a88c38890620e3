import type { ByteRange, PrunableStore } from './store.js';

/** An archive in memory, for specs; `files` may be damaged on purpose. */
export class MemoryArchiveStore implements PrunableStore {
  readonly files = new Map<string, Uint8Array>();
  /** Names of what the next puts fail at. */
  failAt: ((name: string) => boolean) | undefined;

  async put(name: string, bytes: Uint8Array): Promise<boolean> {
    if (this.failAt?.(name) === true) throw new Error(`killed before ${name} was written`);
    if (this.files.has(name)) return false;
    this.files.set(name, Uint8Array.from(bytes));
    return true;
  }

  async get(name: string, range?: ByteRange): Promise<Uint8Array | undefined> {
    const bytes = this.files.get(name);
    if (bytes === undefined || range === undefined) return bytes;
    return bytes.subarray(range.offset, range.offset + range.length);
  }

  async remove(name: string): Promise<void> {
    if (this.failAt?.(name) === true) throw new Error(`killed before ${name} was deleted`);
    this.files.delete(name);
  }

  async list(folder: string): Promise<readonly string[]> {
    const prefix = `${folder}/`;
    return [...this.files.keys()].filter((name) => name.startsWith(prefix)).map((name) => name.slice(prefix.length));
  }
}
