import { isSluiceError, SluiceError } from '@sluice/kernel';

import type { DomainEvent, EventMeta, EventToAppend } from '../events/index.js';
import { streamKey, type StreamName } from '../subjects.js';
import { decodeEvent, eventText } from './events.js';
import { scanEvents } from './scan.js';
import type { StoredCommit, StoredEvent } from './stored.js';

/** Bounds of one commit (design 4): below the 1 MiB of a NATS message with room to spare. */
export const MAX_COMMIT_EVENTS = 512;
export const MAX_COMMIT_BYTES = 512 * 1024;

export interface CommitToEncode {
  readonly id: string;
  readonly stream: StreamName;
  readonly rev: number;
  /** ms since the epoch. */
  readonly at: number;
  /** SHA-256 of the raw bytes of the stream's previous commit; empty for the first. */
  readonly prev: string;
  readonly events: readonly EventToAppend[];
}

export interface DecodedCommit {
  readonly id: string;
  readonly stream: string;
  readonly rev: number;
  readonly at: number;
  readonly prev: string;
  readonly events: readonly DomainEvent[];
  readonly meta: readonly EventMeta[];
}

const encoder = new TextEncoder();
const decoder = new TextDecoder('utf-8', { fatal: true });

/** The raw bytes of a commit. Code COMMIT_TOO_LARGE over 512 events or 512 KiB: write several valid commits instead. */
export function encodeCommit(commit: CommitToEncode): Uint8Array {
  const { id, stream, rev, at, prev, events } = commit;
  if (events.length === 0 || events.length > MAX_COMMIT_EVENTS) throw tooLarge(stream, `${events.length} events`);
  const envelope: Omit<StoredCommit, 'events'> = { v: 1, id, stream: streamKey(stream), rev, at, prev };
  // Event by event: a commit has up to 512, and to build them all as objects only to write them costs twice as much.
  const bytes = encoder.encode(`${JSON.stringify(envelope).slice(0, -1)},"events":[${eventTexts(events)}]}`);
  if (bytes.length > MAX_COMMIT_BYTES) throw tooLarge(stream, `${bytes.length} bytes`);
  return bytes;
}

function tooLarge(stream: StreamName, size: string): SluiceError {
  return new SluiceError(
    'COMMIT_TOO_LARGE',
    `a commit of ${streamKey(stream)} has ${size}; it must have 1 to ${MAX_COMMIT_EVENTS} events and at most ${MAX_COMMIT_BYTES} bytes`,
  );
}

function eventTexts(events: readonly EventToAppend[]): string {
  let before: EventMeta | undefined;
  let text = '';
  for (const { event, meta } of events) {
    const difference = before === meta ? undefined : metaDifference(before, meta);
    text += `${before === undefined ? '' : ','}${eventText(event, difference)}`;
    before = meta;
  }
  return text;
}

function metaDifference(before: EventMeta | undefined, meta: EventMeta): Partial<EventMeta> {
  return {
    ...(before?.by.id === meta.by.id && before.by.kind === meta.by.kind ? {} : { by: meta.by }),
    ...(before?.cause === meta.cause ? {} : { cause: meta.cause }),
    ...(before?.corr === meta.corr ? {} : { corr: meta.corr }),
  };
}

/**
 * Reads what encodeCommit wrote. Code BAD_COMMIT when the bytes are no commit of version 1; UNKNOWN_EVENT and
 * UNKNOWN_EVENT_VERSION when a newer version of Sluice wrote them.
 */
export function decodeCommit(bytes: Uint8Array): DecodedCommit {
  const text = textOf(bytes);
  const head = HEAD.exec(text);
  // What encodeCommit wrote is read in one go; whatever is not just like that goes the long way, which says what it is.
  const scanned = head === null ? undefined : scanEvents(text, head[0].length, NOBODY, readEvent);
  if (head === null || scanned === undefined) return decodeStored(parse(text));
  const [, id = '', stream = '', rev, at, prev = ''] = head;
  return { id, stream, rev: Number(rev), at: Number(at), prev, events: scanned.events, meta: scanned.meta };
}

const NOBODY: EventMeta = { by: { id: 'unknown', kind: 'service' }, cause: '', corr: '' };
/** The envelope as encodeCommit writes it, of the streams that hold results. */
const HEAD =
  /^\{"v":1,"id":"([\w-]*)","stream":"(exec\.[\w=-]*)","rev":([1-9]\d{0,14}),"at":([1-9]\d{0,14}),"prev":"([\da-f]*)","events":\[/;

function readEvent(json: string, before: EventMeta): { readonly event: DomainEvent; readonly meta: EventMeta } {
  const stored = parseJson(json);
  if (!isStoredEvent(stored)) throw noCommit();
  return { event: decode(stored), meta: metaOf(stored, before) };
}

function metaOf({ by, cause, corr }: StoredEvent, before: EventMeta): EventMeta {
  if (by === undefined && cause === undefined && corr === undefined) return before;
  return { by: by ?? before.by, cause: cause ?? before.cause, corr: corr ?? before.corr };
}

function decodeStored(stored: StoredCommit): DecodedCommit {
  const events: DomainEvent[] = [];
  const meta: EventMeta[] = [];
  let current = NOBODY;
  for (const event of stored.events) {
    current = metaOf(event, current);
    events.push(decode(event));
    meta.push(current);
  }
  return { id: stored.id, stream: stored.stream, rev: stored.rev, at: stored.at, prev: stored.prev, events, meta };
}

function decode(stored: StoredEvent): DomainEvent {
  try {
    return decodeEvent(stored);
  } catch (cause) {
    if (isSluiceError(cause)) throw cause;
    throw new SluiceError(
      'BAD_COMMIT',
      `an event ${String(stored.type)} of the log has a payload that cannot be read`,
      {},
      { cause },
    );
  }
}

function textOf(bytes: Uint8Array): string {
  try {
    return decoder.decode(bytes);
  } catch (cause) {
    throw noJson(cause);
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw noJson(cause);
  }
}

function parse(text: string): StoredCommit {
  const value = parseJson(text);
  if (!isCommit(value)) throw noCommit();
  return value;
}

const noJson = (cause: unknown): SluiceError =>
  new SluiceError(
    'BAD_COMMIT',
    'a message of the log is no JSON: the log was written by something that is not Sluice',
    {},
    { cause },
  );

const noCommit = (): SluiceError =>
  new SluiceError(
    'BAD_COMMIT',
    'a message of the log is no commit of version 1: upgrade Sluice, or the log was written by something else',
  );

/** The envelope only, by hand: a schema for every event would cost more than the JSON parser does. */
function isCommit(value: unknown): value is StoredCommit {
  if (typeof value !== 'object' || value === null) return false;
  const { v, id, stream, rev, at, prev, events } = value as Partial<Record<keyof StoredCommit, unknown>>;
  const texts = typeof id === 'string' && typeof stream === 'string' && typeof prev === 'string';
  const numbers = v === 1 && typeof rev === 'number' && typeof at === 'number';
  return texts && numbers && Array.isArray(events) && events.every(isStoredEvent);
}

const isStoredEvent = (event: unknown): event is StoredEvent =>
  typeof event === 'object' && event !== null && 'type' in event && typeof event.type === 'string';
