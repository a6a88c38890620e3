import { existsSync } from 'node:fs';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { gunzipSync, gzipSync } from 'node:zlib';

import { sha256 } from '@sluice/contracts';

import { exportedFrom } from '../export-lines.js';
import type { AuditedCommit } from '../source.js';
import { writtenByHand } from './by-hand.js';
import { changesOf } from './histories.js';

const FOLDER = new URL('../../fixtures/', import.meta.url);
const STATES = '.states.jsonl.gz';

/**
 * `node libs/audit/dist/golden/record.js <release>` writes, for each exported log in the release's folder, what today's
 * code makes of it, and the sums of all files. Only for a release that is not out yet: of one that is, nothing changes.
 */
async function record(release: string): Promise<void> {
  const folder = new URL(`${release}/`, FOLDER);
  await writeByHand(new URL('by-hand.jsonl.gz', folder));
  for (const file of await readdir(folder)) {
    if (file.endsWith(STATES)) continue;
    const commits: AuditedCommit[] = [];
    for await (const commit of exportedFrom(gunzipSync(await readFile(new URL(file, folder))))) commits.push(commit);
    const lines = [...changesOf(commits)].map((change) => `${JSON.stringify(change)}\n`);
    await writeFile(new URL(file.replace('.jsonl.gz', STATES), folder), gzipSync(lines.join(''), { level: 9 }));
  }
  await writeFile(new URL('SHA256SUMS', FOLDER), `${(await sums()).join('\n')}\n`);
}

/** Once: what is there stays. */
async function writeByHand(file: URL): Promise<void> {
  if (existsSync(file)) return;
  const lines = (await writtenByHand()).map(
    ({ position, bytes }) => `{"position":${position},"commit":${Buffer.from(bytes).toString()}}\n`,
  );
  await writeFile(file, gzipSync(lines.join(''), { level: 9 }));
}

async function sums(): Promise<readonly string[]> {
  const lines: string[] = [];
  const folders = (await readdir(FOLDER, { withFileTypes: true })).filter((entry) => entry.isDirectory());
  for (const { name } of folders)
    for (const file of await readdir(new URL(`${name}/`, FOLDER)))
      lines.push(`${sha256(await readFile(new URL(`${name}/${file}`, FOLDER)))}  ${name}/${file}`);
  return lines.toSorted((a, b) => a.slice(64).localeCompare(b.slice(64), 'en'));
}

const [, , release] = process.argv;
if (release === undefined || !/^\d+\.\d+\.\d+$/.test(release)) throw new Error('name the release, such as 0.1.0');
await record(release);
