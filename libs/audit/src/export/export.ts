import { mkdir } from 'node:fs/promises';

import { CompactRange } from '@sluice/proof';

import { leafOf } from '../leaf.js';
import type { AuditedCommit, CommitSource } from '../source.js';
import { EVENT_FORMATS, type ExportFormat, type Format } from './formats.js';
import { exportName, type ExportManifest, lastManifest, writeManifest } from './manifest.js';
import { type ExportedPart, PartFile } from './part.js';
import { Belongings, type EventRow, type ExportFilter, rowsOf } from './rows.js';

export interface ExportOptions {
  readonly folder: string;
  readonly format: ExportFormat;
  readonly filter: ExportFilter;
  /** ms since the epoch. */
  readonly at: number;
  readonly access?: ExportManifest['access'];
  /** A file is full with so many rows, or 64 MiB of them; 50,000 when absent. */
  readonly rowsPerPart?: number;
  /** Told now and then how many commits were read. */
  readonly progress?: (counts: { readonly commits: number; readonly bytes: number }) => void;
}

export interface Exported {
  /** Name of its file. */
  readonly file: string;
  readonly manifest: ExportManifest;
}

const ROWS_PER_PART = 50_000;
const BYTES_PER_PART = 64 * 1024 * 1024;
const PROGRESS_EVERY = 1_000;

/**
 * Writes what the filter wants of a log into files, and a manifest of them that names the one before. The log is read
 * twice: the plans say what the events of other streams belong to. In memory are a line for each rollout and the rows of
 * one file. Codes: those of the source, and BAD_COMMIT for a log that should have been verified first.
 */
export async function exportLog(log: () => CommitSource, options: ExportOptions): Promise<Exported> {
  const { folder, format, filter, at, access, progress } = options;
  await mkdir(folder, { recursive: true });
  const before = await lastManifest(folder);
  const belongings = await Belongings.of(log());
  const parts = new Parts(options, exportName(before.count + 1));
  const tree = new CompactRange();
  const sums = { commits: 0, bytes: 0, position: 0 };
  for await (const commit of log()) {
    tree.append(leafOf(commit));
    sums.commits += 1;
    sums.bytes += commit.bytes.length;
    sums.position = commit.position;
    if (sums.commits % PROGRESS_EVERY === 0) progress?.(sums);
    // Of what was pruned nothing can be exported but its leaf in the tree.
    if (commit.pruned === undefined) await parts.add(commit, rowsOf(commit, filter, belongings));
  }
  const written = await parts.finish();
  const manifest: ExportManifest = {
    ...{ v: 1, export: before.count + 1, previous: before.hash, at: new Date(at).toISOString(), format, filter },
    log: { commits: sums.commits, position: sums.position, root: tree.root().toString('base64') },
    rows: written.reduce((sum, { rows }) => sum + rows, 0),
    parts: written,
    ...(access === undefined ? {} : { access }),
  };
  return { file: await writeManifest(folder, manifest), manifest };
}

/** The files one after another, each with a bound. */
class Parts {
  readonly #done: ExportedPart[] = [];
  readonly #format: Format | undefined;
  #file: PartFile | undefined;
  #rows: EventRow[] = [];
  #count = 0;
  #held = 0;

  constructor(
    private readonly options: ExportOptions,
    private readonly name: string,
  ) {
    this.#format = options.format === 'commits' ? undefined : EVENT_FORMATS[options.format];
  }

  async add(commit: AuditedCommit, rows: readonly EventRow[]): Promise<void> {
    if (rows.length === 0) return;
    if (this.#format === undefined) await this.write(lineOf(commit), 1);
    else for (const row of rows) await this.row(row, this.#format);
    // An event's own data may be large: what is held is bounded by the commits that it came in.
    this.#held += commit.bytes.length;
    if (this.isFull()) await this.end();
  }

  async finish(): Promise<readonly ExportedPart[]> {
    await this.end();
    return this.#done;
  }

  private isFull(): boolean {
    return this.#count >= (this.options.rowsPerPart ?? ROWS_PER_PART) || this.#held >= BYTES_PER_PART;
  }

  private async row(row: EventRow, format: Format): Promise<void> {
    if (format.file === undefined) return this.write(Buffer.from(format.line(row)), 1);
    this.#rows.push(row);
    this.#count += 1;
  }

  private async write(bytes: Uint8Array, rows: number): Promise<void> {
    await (await this.open()).write(bytes);
    this.#count += rows;
  }

  private async open(): Promise<PartFile> {
    if (this.#file !== undefined) return this.#file;
    const extension = this.#format?.extension ?? 'commits.jsonl';
    const number = String(this.#done.length + 1).padStart(4, '0');
    const file = await PartFile.create(this.options.folder, `${this.name}-${number}.${extension}`);
    this.#file = file;
    const begin = this.#format?.begin ?? '';
    if (begin !== '') await file.write(Buffer.from(begin));
    return file;
  }

  private async end(): Promise<void> {
    if (this.#count === 0) return;
    const file = await this.open();
    if (this.#format?.file !== undefined) await file.write(this.#format.file(this.#rows));
    this.#done.push(await file.close(this.#count));
    this.#file = undefined;
    this.#rows = [];
    this.#count = 0;
    this.#held = 0;
  }
}

/** As in archive segments; what is no text goes as base64. */
function lineOf({ position, bytes }: AuditedCommit): Buffer {
  return Buffer.concat([Buffer.from(`{"position":${position},"commit":`), bytes, Buffer.from('}\n')]);
}
