import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';

/** A log that a release wrote, kept as one of the golden histories. */
const GOLDEN = new URL('../../../../libs/audit/fixtures/0.1.0/C8-1.jsonl.gz', import.meta.url);

/** Each commit as the log holds it. */
export function goldenCommits(): readonly Buffer[] {
  const lines = gunzipSync(readFileSync(GOLDEN)).toString().trimEnd().split('\n');
  return lines.map((line) => Buffer.from(line.slice(line.indexOf('"commit":') + 9, -1)));
}

export const linesOf = (commits: readonly Uint8Array[]): string =>
  commits.map((bytes, i) => `{"position":${i + 1},"commit":${Buffer.from(bytes).toString()}}\n`).join('');
