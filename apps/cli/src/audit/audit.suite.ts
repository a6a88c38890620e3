import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';

import { SUBJECTS, type Writer } from '@sluice/contracts';

/** A log that a release wrote, kept as one of the golden histories. */
const GOLDEN = new URL('../../../../libs/audit/fixtures/0.1.0/C8-1.jsonl.gz', import.meta.url);

/** Each commit as the log holds it. */
export function goldenCommits(): readonly Buffer[] {
  const lines = gunzipSync(readFileSync(GOLDEN)).toString().trimEnd().split('\n');
  return lines.map((line) => Buffer.from(line.slice(line.indexOf('"commit":') + 9, -1)));
}

export const linesOf = (commits: readonly Uint8Array[]): string =>
  commits.map((bytes, i) => `{"position":${i + 1},"commit":${Buffer.from(bytes).toString()}}\n`).join('');

/** Where the log has a commit. */
export function subjectOf(bytes: Uint8Array): string {
  const { stream } = JSON.parse(Buffer.from(bytes).toString()) as { readonly stream: string };
  const [writer = '', id = ''] = stream.split('.');
  return SUBJECTS.log({ shard: id.slice(1, 3), writer: writer as Writer, id });
}
