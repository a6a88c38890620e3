import { sha256 } from '@sluice/contracts';

import { damaged } from './line.js';

/** One archived rollout as an index part holds it. */
export interface IndexRecord {
  /** Log position of the sealed plan. */
  readonly position: number;
  readonly plannedAt: number;
  readonly app: string;
  readonly group: string;
  readonly state: string;
  readonly segment: number;
  /** Its gzip member in the segment's data. */
  readonly offset: number;
  readonly length: number;
  /** The gzip member of summaries that holds its own, and the line of it. */
  readonly block: number;
  readonly blockLength: number;
  readonly line: number;
  /** First 16 bytes of the SHA-256 of the id, as hex. */
  readonly key: string;
}

/** Names with how many records bear each. */
type Tally = readonly (readonly [name: string, count: number])[];

/** What a part tells of itself. Lists are sorted by name, `apps` and `groups` in the order of the places. */
export interface IndexDictionary {
  readonly groups: Tally;
  readonly apps: Tally;
}

/** What is kept in memory of a part. */
export interface IndexHeader {
  readonly first: number;
  readonly segments: number;
  readonly count: number;
  readonly minPosition: number;
  readonly maxPosition: number;
  readonly maxPlannedAt: number;
  readonly states: Tally;
}

/*
 * A part: fixed head, header and dictionary as JSON, then the records by position, the places of the records by group
 * and by app (ascending), and keys with places, sorted by key. All numbers are little endian.
 */
const MAGIC = 'SLXIDX01';
export const HEAD_BYTES = 20;
export const RECORD_BYTES = 64;
export const PLACE_BYTES = 4;
export const KEY_BYTES = 12;

export const keyOf = (id: string): string => sha256(id).slice(0, 32);
/** The part of a key that the sorted list of keys holds. */
export const prefixOf = (key: string): string => key.slice(0, 16);

export interface Head {
  readonly headerLength: number;
  readonly dictionaryLength: number;
}

/** Where the sections of a part begin. */
export interface Sections {
  readonly dictionary: number;
  readonly records: number;
  readonly byGroup: number;
  readonly byApp: number;
  readonly keys: number;
}

export function sectionsOf({ headerLength, dictionaryLength }: Head, count: number): Sections {
  const dictionary = HEAD_BYTES + headerLength;
  const records = dictionary + dictionaryLength;
  const byGroup = records + count * RECORD_BYTES;
  const byApp = byGroup + count * PLACE_BYTES;
  return { dictionary, records, byGroup, byApp, keys: byApp + count * PLACE_BYTES };
}

export function readHead(bytes: Buffer): Head {
  if (bytes.length < HEAD_BYTES || bytes.toString('latin1', 0, 8) !== MAGIC)
    throw damaged('a part of its index is none: delete the folder index, the archiver makes it anew');
  return { headerLength: bytes.readUInt32LE(8), dictionaryLength: bytes.readUInt32LE(12) };
}

/** The same bytes for the same records, whoever writes them: two archivers at once do no harm. */
export function encodeIndex(first: number, segments: number, unsorted: readonly IndexRecord[]): Buffer {
  const records = unsorted.toSorted((a, b) => a.position - b.position || a.segment - b.segment);
  const groups = tallyOf(records.map(({ group }) => group));
  const apps = tallyOf(records.map(({ app }) => app));
  const states = tallyOf(records.map(({ state }) => state));
  const header = Buffer.from(JSON.stringify(headerOf(first, segments, records, states)));
  const dictionary = Buffer.from(JSON.stringify({ groups, apps } satisfies IndexDictionary));
  const head = Buffer.alloc(HEAD_BYTES);
  head.write(MAGIC, 'latin1');
  head.writeUInt32LE(header.length, 8);
  head.writeUInt32LE(dictionary.length, 12);
  const [group, app, state] = [placesIn(groups), placesIn(apps), placesIn(states)];
  const rows = records.map((record) => encodeRecord(record, group(record.group), app(record.app), state(record.state)));
  return Buffer.concat([
    head,
    header,
    dictionary,
    ...rows,
    encodePlaces(records, (record) => group(record.group)),
    encodePlaces(records, (record) => app(record.app)),
    encodeKeys(records),
  ]);
}

function headerOf(first: number, segments: number, records: readonly IndexRecord[], states: Tally): IndexHeader {
  return {
    first,
    segments,
    count: records.length,
    minPosition: records[0]?.position ?? 0,
    maxPosition: records.at(-1)?.position ?? 0,
    maxPlannedAt: records.reduce((latest, { plannedAt }) => Math.max(latest, plannedAt), 0),
    states,
  };
}

function tallyOf(names: readonly string[]): Tally {
  const counts = new Map<string, number>();
  for (const name of names) counts.set(name, (counts.get(name) ?? 0) + 1);
  return [...counts].toSorted(([a], [b]) => (a < b ? -1 : 1));
}

function placesIn(tally: Tally): (name: string) => number {
  const places = new Map(tally.map(([name], place) => [name, place]));
  return (name) => places.get(name) ?? 0;
}

function encodeRecord(record: IndexRecord, group: number, app: number, state: number): Buffer {
  const row = Buffer.alloc(RECORD_BYTES);
  row.writeDoubleLE(record.position, 0);
  row.writeDoubleLE(record.plannedAt, 8);
  row.writeUInt32LE(group, 16);
  row.writeUInt32LE(app, 20);
  row.writeUInt8(state, 24);
  row.writeUInt8(record.line, 25);
  row.writeUInt32LE(record.segment, 28);
  row.writeUInt32LE(record.offset, 32);
  row.writeUInt32LE(record.length, 36);
  row.writeUInt32LE(record.block, 40);
  row.writeUInt32LE(record.blockLength, 44);
  row.write(record.key, 48, 'hex');
  return row;
}

/** Which record it is whose columns are compared before its names are looked up. */
export interface IndexRow {
  readonly position: number;
  readonly plannedAt: number;
  readonly group: number;
  readonly app: number;
  readonly state: number;
  readonly place: RecordPlace;
  readonly key: string;
}

export type RecordPlace = Pick<IndexRecord, 'segment' | 'offset' | 'length' | 'block' | 'blockLength' | 'line'>;

export function decodeRow(bytes: Buffer, at: number): IndexRow {
  return {
    position: bytes.readDoubleLE(at),
    plannedAt: bytes.readDoubleLE(at + 8),
    group: bytes.readUInt32LE(at + 16),
    app: bytes.readUInt32LE(at + 20),
    state: bytes.readUInt8(at + 24),
    place: {
      line: bytes.readUInt8(at + 25),
      segment: bytes.readUInt32LE(at + 28),
      offset: bytes.readUInt32LE(at + 32),
      length: bytes.readUInt32LE(at + 36),
      block: bytes.readUInt32LE(at + 40),
      blockLength: bytes.readUInt32LE(at + 44),
    },
    key: bytes.toString('hex', at + 48, at + 64),
  };
}

/** Places of the records, by that column and then by position. */
function encodePlaces(records: readonly IndexRecord[], column: (record: IndexRecord) => number): Buffer {
  const columns = records.map(column);
  const places = Uint32Array.from(records.keys()).toSorted((a, b) => (columns[a] ?? 0) - (columns[b] ?? 0) || a - b);
  const bytes = Buffer.alloc(records.length * PLACE_BYTES);
  places.forEach((place, i) => bytes.writeUInt32LE(place, i * PLACE_BYTES));
  return bytes;
}

function encodeKeys(records: readonly IndexRecord[]): Buffer {
  const keys = records.map(({ key }, place) => ({ prefix: prefixOf(key), place }));
  const sorted = keys.toSorted((a, b) => (a.prefix === b.prefix ? a.place - b.place : a.prefix < b.prefix ? -1 : 1));
  const bytes = Buffer.alloc(records.length * KEY_BYTES);
  sorted.forEach(({ prefix, place }, i) => {
    bytes.write(prefix, i * KEY_BYTES, 'hex');
    bytes.writeUInt32LE(place, i * KEY_BYTES + 8);
  });
  return bytes;
}

/** Every record of a whole part. */
export function decodeIndex(bytes: Buffer): readonly IndexRecord[] {
  const head = readHead(bytes);
  const header = parse<IndexHeader>(bytes.subarray(HEAD_BYTES, HEAD_BYTES + head.headerLength));
  const sections = sectionsOf(head, header.count);
  const { groups, apps } = parse<IndexDictionary>(bytes.subarray(sections.dictionary, sections.records));
  const name = (tally: Tally, place: number): string => tally[place]?.[0] ?? '';
  return Array.from({ length: header.count }, (_, i) => {
    const { place, group, app, state, position, plannedAt, key } = decodeRow(
      bytes,
      sections.records + i * RECORD_BYTES,
    );
    const names = { group: name(groups, group), app: name(apps, app), state: name(header.states, state) };
    return { position, plannedAt, key, ...names, ...place };
  });
}

/** JSON that this archive wrote. Code ARCHIVE_DAMAGED. */
export function parse<T>(bytes: Uint8Array): T {
  try {
    return JSON.parse(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('utf8')) as T;
  } catch {
    throw damaged('a part of its index cannot be read: delete the folder index, the archiver makes it anew');
  }
}
