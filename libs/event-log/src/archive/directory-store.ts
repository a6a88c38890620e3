import { randomBytes } from 'node:crypto';
import { type FileHandle, link, mkdir, open, readdir, readFile, unlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';

import { messageOf, SluiceError } from '@sluice/kernel';

import type { ByteRange, PrunableStore } from './store.js';

/** Files that are kept open: an index is read in small pieces, again and again. */
const MAX_OPEN = 64;

/** An archive in a folder, which every service that reads archived rollouts can reach. */
export class DirectoryArchiveStore implements PrunableStore {
  readonly #open = new Map<string, OpenFile>();

  constructor(private readonly folder: string) {}

  /** Written beside, fsynced, and linked to its name: what has the name is whole, and a name is given once. */
  async put(name: string, bytes: Uint8Array): Promise<boolean> {
    const target = join(this.folder, name);
    const beside = `${target}.${randomBytes(6).toString('hex')}.tmp`;
    return this.#told(`write ${name}`, async () => {
      await makeFolder(dirname(target));
      await writeDurably(beside, bytes);
      try {
        await link(beside, target);
        await syncFolder(dirname(target));
        return true;
      } catch (error) {
        if (codeOf(error) === 'EEXIST') return false;
        throw error;
      } finally {
        await unlink(beside);
      }
    });
  }

  async get(name: string, range?: ByteRange): Promise<Uint8Array | undefined> {
    return this.#told(`read ${name}`, async () => {
      if (range === undefined) return readWhole(join(this.folder, name));
      return this.#readFrom(name, range);
    });
  }

  async list(folder: string): Promise<readonly string[]> {
    return this.#told(`list ${folder}`, async () => {
      try {
        return (await readdir(join(this.folder, folder))).filter((name) => !name.endsWith('.tmp'));
      } catch (error) {
        if (codeOf(error) === 'ENOENT') return [];
        throw error;
      }
    });
  }

  async remove(name: string): Promise<void> {
    const target = join(this.folder, name);
    return this.#told(`delete ${name}`, async () => {
      const open = this.#open.get(name);
      this.#open.delete(name);
      await open?.letGo();
      try {
        await unlink(target);
      } catch (error) {
        if (codeOf(error) !== 'ENOENT') throw error;
      }
      await syncFolder(dirname(target));
    });
  }

  /** Closes what is open; it can be used again. */
  async close(): Promise<void> {
    const files = [...this.#open.values()];
    this.#open.clear();
    for (const file of files) await file.letGo();
  }

  async #readFrom(name: string, { offset, length }: ByteRange): Promise<Uint8Array | undefined> {
    const file = this.#open.get(name) ?? new OpenFile(join(this.folder, name));
    this.#open.delete(name);
    this.#open.set(name, file);
    const bytes = await file.read(offset, length);
    if (bytes === undefined) this.#open.delete(name);
    for (const [oldest, forgotten] of this.#open) {
      if (this.#open.size <= MAX_OPEN) break;
      this.#open.delete(oldest);
      await forgotten.letGo();
    }
    return bytes;
  }

  async #told<T>(doing: string, work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (cause) {
      const message = `could not ${doing} in the archive ${this.folder} (${messageOf(cause)}): check that the folder is there and has room`;
      throw new SluiceError('ARCHIVE_UNAVAILABLE', message, {}, { cause });
    }
  }
}

/** A file that is opened once for all its readers, and closed when the last of them has done. */
class OpenFile {
  readonly #handle: Promise<FileHandle | undefined>;
  #readers = 0;
  #isLetGo = false;

  constructor(path: string) {
    this.#handle = openOrNothing(path);
  }

  /** Undefined when there is no such file. */
  async read(offset: number, length: number): Promise<Uint8Array | undefined> {
    this.#readers += 1;
    try {
      const handle = await this.#handle;
      if (handle === undefined) return undefined;
      const buffer = Buffer.allocUnsafe(length);
      const { bytesRead } = await handle.read(buffer, 0, length, offset);
      return buffer.subarray(0, bytesRead);
    } finally {
      this.#readers -= 1;
      await this.#closeIfDone();
    }
  }

  async letGo(): Promise<void> {
    this.#isLetGo = true;
    await this.#closeIfDone();
  }

  async #closeIfDone(): Promise<void> {
    if (this.#isLetGo && this.#readers === 0) await (await this.#handle)?.close();
  }
}

const codeOf = (error: unknown): unknown =>
  typeof error === 'object' && error !== null && 'code' in error ? error.code : undefined;

async function readWhole(path: string): Promise<Uint8Array | undefined> {
  try {
    return await readFile(path);
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined;
    throw error;
  }
}

async function openOrNothing(path: string): Promise<FileHandle | undefined> {
  try {
    return await open(path, 'r');
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined;
    throw error;
  }
}

async function writeDurably(path: string, bytes: Uint8Array): Promise<void> {
  const handle = await open(path, 'wx', 0o640);
  try {
    await handle.writeFile(bytes);
    await handle.sync();
  } finally {
    await handle.close();
  }
}

async function makeFolder(folder: string): Promise<void> {
  const first = await mkdir(folder, { recursive: true, mode: 0o750 });
  if (first !== undefined) await syncFolder(dirname(first));
}

async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
