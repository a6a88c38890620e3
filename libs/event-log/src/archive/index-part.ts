import { Lru } from './lru.js';
import {
  decodeRow,
  HEAD_BYTES,
  type IndexDictionary,
  type IndexHeader,
  type IndexRow,
  KEY_BYTES,
  parse,
  PLACE_BYTES,
  prefixOf,
  readHead,
  RECORD_BYTES,
  type Sections,
  sectionsOf,
} from './index-format.js';
import { damaged } from './line.js';
import type { ArchiveStore } from './store.js';

/** The head and the header are read at once when they are as short as nearly all. */
const FIRST_READ = 1_024;
/** Keys that are read at once: what is looked for is nearly always among those around its expected place. */
const KEYS_READ = 256;

/** A run of records of one part: all of them, or the places of one group or app. */
export interface Run {
  readonly count: number;
  /** Rows [from, to) of the run, ascending by position. */
  rows(from: number, to: number): Promise<readonly IndexRow[]>;
}

/** Names of groups and apps of the parts that were asked last. */
export type Dictionaries = Lru<IndexDictionary>;

/** One part of the index. In memory is only its header; everything else is read in pieces when it is asked for. */
export class IndexPart {
  readonly header: IndexHeader;
  private readonly sections: Sections;

  private constructor(
    private readonly store: ArchiveStore,
    readonly name: string,
    { header, sections }: Pick<IndexPart, 'header'> & { readonly sections: Sections },
    private readonly dictionaries: Dictionaries,
  ) {
    this.header = header;
    this.sections = sections;
  }

  /** Undefined when there is no such part. */
  static async open(store: ArchiveStore, name: string, dictionaries: Dictionaries): Promise<IndexPart | undefined> {
    const read = await store.get(name, { offset: 0, length: FIRST_READ });
    if (read === undefined) return undefined;
    const head = readHead(bufferOf(read));
    const end = HEAD_BYTES + head.headerLength;
    const whole = end <= read.length ? read : await store.get(name, { offset: 0, length: end });
    const header = parse<IndexHeader>((whole ?? read).subarray(HEAD_BYTES, end));
    return new IndexPart(store, name, { header, sections: sectionsOf(head, header.count) }, dictionaries);
  }

  async dictionary(): Promise<IndexDictionary> {
    const kept = this.dictionaries.get(this.name);
    if (kept !== undefined) return kept;
    const { dictionary, records } = this.sections;
    const read = parse<IndexDictionary>(await this.read(dictionary, records - dictionary));
    this.dictionaries.set(this.name, read);
    return read;
  }

  /** The record of that key; the newest when the archive holds it twice. */
  async find(key: string): Promise<IndexRow | undefined> {
    const wanted = prefixOf(key);
    let [low, high] = [0, this.header.count];
    // Keys are spread evenly, so one stands about where its first bytes say; bisected, once that did not find it.
    let share = Number.parseInt(wanted.slice(0, 8), 16) / 2 ** 32;
    for (; low < high; share = 0.5) {
      const middle = Math.floor(low + share * (high - low)) - (KEYS_READ >>> 1);
      const from = Math.max(low, Math.min(high - KEYS_READ, middle));
      const to = Math.min(high, from + KEYS_READ);
      const keys = await this.read(this.sections.keys + from * KEY_BYTES, (to - from) * KEY_BYTES);
      if (wanted < prefixIn(keys, 0)) high = from;
      else if (wanted > prefixIn(keys, to - from - 1)) low = to;
      else return this.among(keys, wanted, key);
    }
    return undefined;
  }

  all(): Run {
    return { count: this.header.count, rows: (from, to) => this.records(from, to) };
  }

  /** The records of one group, or of one app; none when the part has no such name. */
  async of(column: 'group' | 'app', name: string): Promise<Run> {
    const dictionary = await this.dictionary();
    const names = column === 'group' ? dictionary.groups : dictionary.apps;
    const found = names.findIndex(([known]) => known === name);
    const begin = names.slice(0, Math.max(0, found)).reduce((sum, [, count]) => sum + count, 0);
    const section = column === 'group' ? this.sections.byGroup : this.sections.byApp;
    return {
      count: names[found]?.[1] ?? 0,
      rows: async (from, to) => {
        const places = await this.read(section + (begin + from) * PLACE_BYTES, (to - from) * PLACE_BYTES);
        const rows: IndexRow[] = [];
        for (let at = 0; at < places.length; at += PLACE_BYTES) {
          const place = places.readUInt32LE(at);
          rows.push(...(await this.records(place, place + 1)));
        }
        return rows;
      },
    };
  }

  private async records(from: number, to: number): Promise<readonly IndexRow[]> {
    const bytes = await this.read(this.sections.records + from * RECORD_BYTES, (to - from) * RECORD_BYTES);
    return Array.from({ length: to - from }, (_, i) => decodeRow(bytes, i * RECORD_BYTES));
  }

  private async among(keys: Buffer, wanted: string, key: string): Promise<IndexRow | undefined> {
    let found: IndexRow | undefined;
    for (let at = 0; at < keys.length; at += KEY_BYTES) {
      if (keys.toString('hex', at, at + 8) !== wanted) continue;
      const place = keys.readUInt32LE(at + 8);
      const [row] = await this.records(place, place + 1);
      if (row?.key === key && row.place.segment >= (found?.place.segment ?? 0)) found = row;
    }
    return found;
  }

  private async read(offset: number, length: number): Promise<Buffer> {
    const bytes = length === 0 ? new Uint8Array() : await this.store.get(this.name, { offset, length });
    if (bytes?.length !== length)
      throw damaged(`${this.name} is too short: delete the folder index, the archiver makes it anew`);
    return bufferOf(bytes);
  }
}

const bufferOf = (bytes: Uint8Array): Buffer => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);

const prefixIn = (keys: Buffer, index: number): string =>
  keys.toString('hex', index * KEY_BYTES, index * KEY_BYTES + 8);
