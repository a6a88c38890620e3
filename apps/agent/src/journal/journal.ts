import { type FileHandle, mkdir, open, readFile, rename } from 'node:fs/promises';
import { dirname } from 'node:path';

import { isSluiceError, messageOf, SluiceError } from '@sluice/kernel';

import { isErrno, syncFolder } from '../files/durable.js';
import { applyRecord, compacted, emptyState, type JournalRecord, type JournalState, parseRecord } from './records.js';

/** Attempts that are remembered after they ended. */
const KEPT_ATTEMPTS = 1_000;

export interface JournalOptions {
  readonly path: string;
  readonly now: () => number;
  readonly keep?: number;
  /** Told of each record once it is durable and folded; it must not throw. */
  readonly recorded?: (record: JournalRecord) => void;
}

interface Waiting {
  readonly record: JournalRecord;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

/**
 * The agent's memory: one JSON record per line, appended, and fsynced before the agent acts on it. Records that wait
 * while a write is under way share the next fsync.
 */
export class Journal {
  private waiting: Waiting[] = [];
  private writing: Promise<void> | undefined;
  private broken: SluiceError | undefined;

  private constructor(
    private readonly options: JournalOptions,
    private handle: FileHandle,
    private size: number,
    private folded: JournalState,
  ) {}

  /**
   * Reads the journal. A last line that a crash cut off is dropped: nothing was done on its account, since its fsync
   * had not returned. Code JOURNAL_CORRUPT for damage anywhere else.
   */
  static async open(options: JournalOptions): Promise<Journal> {
    await mkdir(dirname(options.path), { recursive: true });
    const text = await readOrEmpty(options.path);
    const { state, goodBytes } = readJournal(options.path, text);
    const handle = await open(options.path, 'a', 0o600);
    if (goodBytes < text.length) await handle.truncate(goodBytes);
    await handle.sync();
    await syncFolder(dirname(options.path));
    const journal = new Journal(options, handle, goodBytes, state);
    await journal.compactIfLong();
    return journal;
  }

  /** Changes only by append: what is not durable is not in it. */
  get state(): JournalState {
    return this.folded;
  }

  /** Its file's size. */
  get bytes(): number {
    return this.size;
  }

  /** Resolves once the record is durable. Code JOURNAL_UNWRITABLE when it is not. */
  append(record: JournalRecord): Promise<void> {
    return new Promise((resolve, reject) => {
      this.waiting.push({ record, resolve, reject });
      this.writing ??= this.drain();
    });
  }

  async close(): Promise<void> {
    await this.writing;
    await this.handle.close();
  }

  private async drain(): Promise<void> {
    while (this.waiting.length > 0) {
      const batch = this.waiting;
      this.waiting = [];
      try {
        await this.write(batch.map(({ record }) => record));
        for (const { resolve } of batch) resolve();
      } catch (cause) {
        const error = isSluiceError(cause) ? cause : unwritable(this.options.path, cause);
        for (const { reject } of batch) reject(error);
      }
    }
    // In the same turn as the last look at what waits: a later one would strand a record that came in between.
    this.writing = undefined;
  }

  private async write(records: readonly JournalRecord[]): Promise<void> {
    if (this.broken !== undefined) throw this.broken;
    const bytes = encode(records);
    try {
      await this.handle.appendFile(bytes);
      await this.handle.datasync();
    } catch (error) {
      await this.takeBack(error);
      throw error;
    }
    this.size += bytes.length;
    for (const record of records) {
      applyRecord(this.folded, record);
      this.options.recorded?.(record);
    }
    await this.compactIfLong();
  }

  /** Half a line in the middle would damage all that follows: cut it off, or write nothing any more. */
  private async takeBack(error: unknown): Promise<void> {
    try {
      await this.handle.truncate(this.size);
      await this.handle.sync();
    } catch {
      this.broken = unwritable(this.options.path, error);
    }
  }

  /**
   * A quarter of slack, so that a full journal is not rewritten for each run. A rewrite that fails before its rename
   * changed nothing and is tried again later; after it, the open file is no longer the journal.
   */
  private async compactIfLong(): Promise<void> {
    const keep = this.options.keep ?? KEPT_ATTEMPTS;
    if (this.folded.attempts.size <= keep + Math.ceil(keep / 4)) return;
    const records = compacted(this.folded, keep, this.options.now());
    const bytes = encode(records);
    const draft = `${this.options.path}.draft`;
    const written = await writeDurably(draft, bytes).then(
      () => true,
      () => false,
    );
    if (!written) return;
    try {
      await this.adopt(draft, bytes.length);
      const state = emptyState();
      for (const record of records) applyRecord(state, record);
      this.folded = state;
    } catch (error) {
      this.broken = unwritable(this.options.path, error);
    }
  }

  private async adopt(draft: string, size: number): Promise<void> {
    const { path } = this.options;
    await rename(draft, path);
    await syncFolder(dirname(path));
    await this.handle.close();
    this.handle = await open(path, 'a', 0o600);
    this.size = size;
  }
}

const encode = (records: readonly JournalRecord[]): Buffer =>
  Buffer.from(records.map((record) => `${JSON.stringify(record)}\n`).join(''));

async function writeDurably(path: string, bytes: Buffer): Promise<void> {
  const handle = await open(path, 'w', 0o600);
  try {
    await handle.writeFile(bytes);
    await handle.sync();
  } finally {
    await handle.close();
  }
}

const unwritable = (path: string, cause: unknown): SluiceError =>
  new SluiceError(
    'JOURNAL_UNWRITABLE',
    `the journal ${path} cannot be written (${messageOf(cause)}): look at the disk`,
    {},
    { cause },
  );

async function readOrEmpty(path: string): Promise<Buffer> {
  try {
    return await readFile(path);
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return Buffer.alloc(0);
    throw error;
  }
}

interface Reading {
  readonly state: JournalState;
  /** Up to the end of the last whole record. */
  readonly goodBytes: number;
}

/** A fold over the lines; what follows the last newline, or a last line that is no record, was cut off by a crash. */
export function readJournal(path: string, bytes: Buffer): Reading {
  const state = emptyState();
  let start = 0;
  for (let line = 1; start < bytes.length; line += 1) {
    const newline = bytes.indexOf(0x0a, start);
    if (newline < 0) break;
    try {
      applyRecord(state, parseRecord(bytes.toString('utf8', start, newline)));
    } catch (cause) {
      if (newline === bytes.length - 1) break;
      throw new SluiceError(
        'JOURNAL_CORRUPT',
        `line ${line} of ${path} cannot be read (${messageOf(cause)}): check the disk, then move the file away; attempts under way will be unknown`,
        { path, line },
        { cause },
      );
    }
    start = newline + 1;
  }
  return { state, goodBytes: start };
}
