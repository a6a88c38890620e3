import { isUtf8 } from 'node:buffer';

import { sha256, shardOfId, streamOfSubject, type StreamName, SUBJECTS } from '@sluice/contracts';
import { SluiceError } from '@sluice/kernel';

import type { RawCommit } from '../recorded.js';

const LINE_FEED = 0x0a;

/**
 * One commit as a line: `{"position":7,"commit":<the bytes as they stood in the log>}`. Bytes that are no text of one
 * line stand there in base64 as `bytes`: whatever was in the log comes back byte for byte.
 */
export function lineOf({ position, bytes }: RawCommit): Buffer {
  const head = `{"position":${position},`;
  if (isText(bytes)) return Buffer.concat([Buffer.from(`${head}"commit":`), bytes, Buffer.from('}\n')]);
  return Buffer.from(`${head}"bytes":"${Buffer.from(bytes).toString('base64')}"}\n`);
}

const isText = (bytes: Uint8Array): boolean => !bytes.includes(LINE_FEED) && isUtf8(bytes);

/** A commit of an archive, with what its envelope says. */
export interface ArchivedCommit extends RawCommit {
  readonly rev: number;
  /** ms since the epoch. */
  readonly at: number;
  readonly prev: string;
  readonly hash: string;
}

/** The commits of so many lines. Code ARCHIVE_DAMAGED. */
export function commitsOf(lines: Uint8Array): readonly ArchivedCommit[] {
  const commits: ArchivedCommit[] = [];
  const all = Buffer.from(lines.buffer, lines.byteOffset, lines.length);
  for (let from = 0; from < all.length;) {
    const end = all.indexOf(LINE_FEED, from);
    if (end < 0) throw damaged('its last line has no end');
    commits.push(commitOf(all.subarray(from, end)));
    from = end + 1;
  }
  return commits;
}

const HEAD = /^\{"position":(\d{1,15}),"(commit|bytes)":/;
const MAX_HEAD = 48;

function commitOf(line: Buffer): ArchivedCommit {
  const head = HEAD.exec(line.toString('latin1', 0, MAX_HEAD));
  if (head === null) throw damaged('a line of it does not begin as a commit');
  const [begin, position, form] = head;
  const rest = line.subarray(begin.length, line.length - 1);
  const bytes = form === 'commit' ? rest : Buffer.from(rest.toString('latin1'), 'base64');
  const { stream, rev, at, prev } = envelopeOf(bytes);
  return { stream, position: Number(position), bytes, rev, at, prev, hash: sha256(bytes) };
}

/** Only the envelope: a segment is verified also by a version that does not know all events of it. */
function envelopeOf(bytes: Buffer): Pick<ArchivedCommit, 'stream' | 'rev' | 'at' | 'prev'> {
  let value: unknown;
  try {
    value = JSON.parse(bytes.toString('utf8'));
  } catch {
    throw damaged('a commit of it is no JSON');
  }
  if (typeof value !== 'object' || value === null) throw damaged('a commit of it is none');
  const { stream, rev, at, prev } = value as Readonly<Record<string, unknown>>;
  if (typeof stream !== 'string' || typeof rev !== 'number' || typeof at !== 'number' || typeof prev !== 'string')
    throw damaged('a commit of it has no envelope');
  return { stream: streamNamed(stream), rev, at, prev };
}

function streamNamed(key: string): StreamName {
  const [writer = '', id = ''] = key.split('.');
  const shard = shardOfId(id);
  const stream =
    shard === undefined
      ? undefined
      : streamOfSubject(SUBJECTS.log({ shard, writer: writer as StreamName['writer'], id }));
  if (stream === undefined) throw damaged(`it names a stream ${key.slice(0, 80)}`);
  return stream;
}

export const damaged = (why: string, details: Readonly<Record<string, unknown>> = {}): SluiceError =>
  new SluiceError('ARCHIVE_DAMAGED', `the archive cannot be trusted: ${why}; restore it from a copy`, details);
