import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { open, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';

import { sha256 } from '@sluice/contracts';
import { messageOf, SluiceError } from '@sluice/kernel';

import type { ExportFormat } from './formats.js';
import type { ExportedPart } from './part.js';
import type { ExportFilter } from './rows.js';

export interface ExportManifest {
  readonly v: 1;
  /** Exports into one folder count from 1. */
  readonly export: number;
  /** SHA-256 of the manifest before; '' for the first. */
  readonly previous: string;
  /** RFC 3339. */
  readonly at: string;
  readonly format: ExportFormat;
  readonly filter: ExportFilter;
  /** What was read for it: compare the tree with a checkpoint. */
  readonly log: { readonly commits: number; readonly position: number; readonly root: string };
  readonly rows: number;
  readonly parts: readonly ExportedPart[];
  /** Whose reading was recorded where; absent for a log that is read from files. */
  readonly access?: { readonly stream: string; readonly position: number };
}

const DIGITS = 6;
const NAME = /^(\d{6})\.manifest\.json$/;

export const exportName = (n: number): string => String(n).padStart(DIGITS, '0');

/** How many exports there are in the folder, and the hash of the last one's manifest. */
export async function lastManifest(folder: string): Promise<{ readonly count: number; readonly hash: string }> {
  const count = (await manifestsIn(folder)).length;
  if (count === 0) return { count, hash: '' };
  return { count, hash: sha256(await readFile(join(folder, `${exportName(count)}.manifest.json`))) };
}

/** The last file of an export: with it, all are there. */
export async function writeManifest(folder: string, manifest: ExportManifest): Promise<string> {
  const name = `${exportName(manifest.export)}.manifest.json`;
  const file = await open(join(folder, name), 'wx');
  try {
    await file.writeFile(`${JSON.stringify(manifest, null, 2)}\n`);
    await file.sync();
  } finally {
    await file.close();
  }
  return name;
}

async function manifestsIn(folder: string): Promise<readonly string[]> {
  return (await readdir(folder)).filter((name) => NAME.test(name)).toSorted();
}

export interface ExportVerdict {
  readonly exports: number;
  readonly parts: number;
  readonly rows: number;
  readonly faults: readonly string[];
}

/** Every manifest against the one before it, and every file against its manifest. Code BAD_EXPORT without any. */
export async function verifyExports(folder: string): Promise<ExportVerdict> {
  const names = await manifestsIn(folder);
  if (names.length === 0) throw new SluiceError('BAD_EXPORT', `${folder} has no manifest of an export: name another`);
  const faults: string[] = [];
  let [previous, parts, rows] = ['', 0, 0];
  for (const [i, name] of names.entries()) {
    const bytes = await readFile(join(folder, name));
    if (name !== `${exportName(i + 1)}.manifest.json`) faults.push(`${exportName(i + 1)}.manifest.json is missing`);
    const manifest = manifestOf(bytes);
    if (manifest === undefined) faults.push(`${name} is no manifest`);
    else {
      if (manifest.previous !== previous) faults.push(`${name} does not follow the manifest before it`);
      for (const part of manifest.parts) faults.push(...(await faultsOf(folder, part)));
      parts += manifest.parts.length;
      rows += manifest.rows;
    }
    previous = sha256(bytes);
  }
  return { exports: names.length, parts, rows, faults };
}

function manifestOf(bytes: Buffer): ExportManifest | undefined {
  try {
    const manifest = JSON.parse(bytes.toString('utf8')) as ExportManifest;
    return Array.isArray(manifest.parts) ? manifest : undefined;
  } catch {
    return undefined;
  }
}

async function faultsOf(folder: string, { name, sha256: expected }: ExportedPart): Promise<readonly string[]> {
  // A name comes out of a file that somebody may have written: it is one of this folder.
  if (!/^[\w.-]{1,100}$/.test(name)) return [`${JSON.stringify(name).slice(0, 80)} is no name of a part`];
  const hash = createHash('sha256');
  try {
    for await (const chunk of createReadStream(join(folder, name))) hash.update(chunk as Buffer);
  } catch (error) {
    return [`${name} cannot be read: ${messageOf(error)}`];
  }
  return hash.digest('hex') === expected ? [] : [`${name} is not what was exported`];
}
