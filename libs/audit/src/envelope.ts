import { decodeCommit, shardOfId, type StreamName, streamOfSubject, SUBJECTS, type Writer } from '@sluice/contracts';
import { isSluiceError } from '@sluice/kernel';

/** What a commit says of its place in its stream. */
export interface Envelope {
  /** `<writer>.<id>`. */
  readonly stream: string;
  readonly rev: number;
  readonly at: number;
  readonly prev: string;
}

const ENVELOPE =
  /^\{"v":1,"id":"[^"\\]{0,64}","stream":"([a-z]{1,16}\.[\w=-]{1,300})","rev":([1-9]\d{0,14}),"at":(\d{1,15}),"prev":"([\da-f]{0,64})","events":\[/;
const MAX_ENVELOPE = 640;

/**
 * What a commit says of itself, as far as it begins like one: the rest of it may be damaged. What begins otherwise and can
 * be read all the same says it too.
 */
export function envelopeOf(bytes: Uint8Array): Envelope | undefined {
  const head = Buffer.from(bytes.buffer, bytes.byteOffset, Math.min(bytes.length, MAX_ENVELOPE)).toString('latin1');
  const [, stream, rev, at, prev] = ENVELOPE.exec(head) ?? [];
  if (stream === undefined || prev === undefined) return decodedEnvelope(bytes);
  return { stream, rev: Number(rev), at: Number(at), prev };
}

function decodedEnvelope(bytes: Uint8Array): Envelope | undefined {
  try {
    const { stream, rev, at, prev } = decodeCommit(bytes);
    return { stream, rev, at, prev };
  } catch (error) {
    if (isSluiceError(error)) return undefined;
    throw error;
  }
}

export const isSameEnvelope = (a: Envelope, b: Envelope): boolean =>
  a.stream === b.stream && a.rev === b.rev && a.at === b.at && a.prev === b.prev;

/** The stream of such a name; undefined for one that Sluice does not write. */
export function streamNamed(key: string): StreamName | undefined {
  const [writer = '', id = ''] = key.split('.');
  const shard = shardOfId(id);
  if (shard === undefined) return undefined;
  return streamOfSubject(SUBJECTS.log({ shard, writer: writer as Writer, id }));
}

export const missing = (from: number, to: number): string =>
  from === to ? `rev ${from} is` : `revs ${from} to ${to} are`;
