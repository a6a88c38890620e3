import { SluiceError } from '@sluice/kernel';

import type { AuditedCommit, CommitSource } from './source.js';

/** A commit has at most 512 KiB; in base64 two thirds of that more. */
const MAX_LINE_BYTES = 1024 * 1024;
const LINE_FEED = 0x0a;
const HEAD = /^\{"position":(\d{1,15}),"(commit|bytes)":/;
const MAX_HEAD = 48;

/**
 * An export of raw commits: a line each, `{"position":7,"commit":<the bytes as they stood in the log>}`, or `"bytes"` in
 * base64 for what is no text. It is the form of the lines in an archive's segments. Code BAD_EXPORT for anything else.
 */
export async function* exportedCommits(chunks: AsyncIterable<Uint8Array>): CommitSource {
  let rest: Buffer = Buffer.alloc(0);
  let line = 0;
  for await (const chunk of chunks) {
    const all = rest.length === 0 ? asBuffer(chunk) : Buffer.concat([rest, chunk]);
    let from = 0;
    for (let end = all.indexOf(LINE_FEED); end >= 0; end = all.indexOf(LINE_FEED, from)) {
      line += 1;
      if (end > from) yield commitOf(all.subarray(from, end), line);
      from = end + 1;
    }
    rest = all.subarray(from);
    if (rest.length > MAX_LINE_BYTES) throw badLine(line + 1, `is longer than ${MAX_LINE_BYTES} bytes`);
  }
  if (rest.length > 0) throw badLine(line + 1, 'has no end: the file was cut off');
}

/** The same from bytes that are all there. */
export const exportedFrom = (bytes: Uint8Array): CommitSource => exportedCommits(once(bytes));

async function* once(bytes: Uint8Array): AsyncIterable<Uint8Array> {
  await Promise.resolve();
  yield bytes;
}

function commitOf(line: Buffer, number: number): AuditedCommit {
  const head = HEAD.exec(line.toString('latin1', 0, MAX_HEAD));
  if (head === null || line.at(-1) !== 0x7d) throw badLine(number, 'is no exported commit');
  const [begin, position, form] = head;
  const rest = line.subarray(begin.length, line.length - 1);
  const bytes = form === 'commit' ? rest : Buffer.from(rest.toString('latin1', 1, rest.length - 1), 'base64');
  return { position: Number(position), bytes };
}

const asBuffer = (bytes: Uint8Array): Buffer => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);

const badLine = (line: number, why: string): SluiceError =>
  new SluiceError('BAD_EXPORT', `line ${line} of the export ${why}: export it once more, or verify another copy`, {
    line,
  });
