import { hash } from 'node:crypto';

import type { Scalar } from '@sluice/contracts';
import { sideOf, type VariableState } from '@sluice/variable';

/** What one host is told. */
export interface Answer {
  readonly etag: string;
  readonly cacheControl: string;
  /** Flat JSON. */
  readonly body: string;
  /** Of the body: the cheaper one where each character is a byte. */
  readonly encoding: 'latin1' | 'utf8';
  /** Of a 200: names and values in turn, as node takes them. */
  readonly full: string[];
}

/** A client keeps what it has while we are away; a cache between us may, too. */
const CACHE_CONTROL = 'private, max-age=5, stale-if-error=2592000';
const NOT_KEPT = 'no-store';

/**
 * A value of a variable, ready to be put together with others: `"docker":"1.6"`, its bytes, and 64 bits of its hash. The
 * bits of all values, one over the other, are the ETag: short, and made of numbers.
 */
interface Piece {
  readonly value: Scalar;
  readonly text: string;
  readonly bytes: number;
  readonly high: number;
  readonly low: number;
}

interface Pieces {
  readonly variable: VariableState;
  readonly from: Piece;
  readonly to: Piece;
}

function pieceOf(name: string, value: Scalar): Piece {
  const text = `${JSON.stringify(name)}:${JSON.stringify(value)}`;
  const digest = hash('sha256', text, 'buffer');
  return { value, text, bytes: Buffer.byteLength(text), high: digest.readInt32LE(0), low: digest.readInt32LE(4) };
}

/** Variables whose values are looked up at once: 32 combinations of them are put together once. */
const GROUP = 5;
/** Variables whose sides stand in one word. */
const WORD = 30;

/** Some pieces put together, as one. */
type Part = Omit<Piece, 'value'>;

/**
 * The answers of a fleet's hosts, put together from parts that are made once for each combination of a few values. So an
 * answer is as cheap as looking one up, and none is kept: a fleet in mid-ramp has nearly as many as hosts. An ETag
 * follows from the values alone, whoever works it out.
 */
export class Answers {
  private pieces: readonly Pieces[] = [];
  /** By group and combination. */
  private groups: (Part | undefined)[][] = [];
  /** By word and slot: which hosts have `to`, a bit for each variable. Follows from the sides. */
  private words: Uint32Array[] = [];
  /** Hosts with a value of their own. */
  private readonly pinned = new Set<number>();

  /** `variables`: by name. Costs all hosts. */
  prepare(variables: readonly VariableState[]): void {
    this.pieces = variables.map((variable) => {
      const { name, from, to } = variable.spec;
      return { variable, from: pieceOf(name, from), to: pieceOf(name, to) };
    });
    this.groups = Array.from({ length: Math.ceil(variables.length / GROUP) }, () => []);
    const hosts = Math.max(1_024, ...variables.map(({ sides }) => sides.length));
    this.words = Array.from({ length: Math.ceil(variables.length / WORD) }, () => new Uint32Array(hosts));
    this.pinned.clear();
    for (const [i, { sides, pins }] of variables.entries()) {
      sides.forEach((side, slot) => side === 1 && this.mark(i, slot, true));
      for (const slot of pins.keys()) this.pinned.add(slot);
    }
  }

  /** Hosts of one variable that were given a side, or pinned, or were so. */
  update(variable: VariableState, slots: readonly number[]): void {
    const index = this.pieces.findIndex((pieces) => pieces.variable === variable);
    for (const slot of slots) {
      this.mark(index, slot, variable.sides[slot] === 1);
      if (this.pieces.some((pieces) => pieces.variable.pins.has(slot))) this.pinned.add(slot);
      else this.pinned.delete(slot);
    }
  }

  etagOf(slot: number): string {
    let [high, low] = [0, 0];
    const add = (part: Part): void => {
      high ^= part.high;
      low ^= part.low;
    };
    if (this.isPinned(slot)) for (const pieces of this.pieces) add(pieceFor(pieces, slot));
    else for (let group = 0; group < this.groups.length; group += 1) add(this.partOf(group, slot));
    return etagOfBits(high, low);
  }

  of(slot: number): Answer {
    if (this.isPinned(slot)) return joined(this.pieces.map((pieces) => pieceFor(pieces, slot)));
    const parts: Part[] = [];
    for (let group = 0; group < this.groups.length; group += 1) parts.push(this.partOf(group, slot));
    return answerOfPart(together(parts));
  }

  private isPinned(slot: number): boolean {
    return this.pinned.size > 0 && this.pinned.has(slot);
  }

  private mark(index: number, slot: number, isTo: boolean): void {
    const word = Math.floor(index / WORD);
    let bits = this.words[word];
    if (bits === undefined) return;
    if (slot >= bits.length) {
      const more = new Uint32Array(Math.max(slot + 1, bits.length * 2));
      more.set(bits);
      this.words[word] = bits = more;
    }
    const mask = 1 << (index % WORD);
    const now = bits[slot] ?? 0;
    bits[slot] = isTo ? now | mask : now & ~mask;
  }

  private partOf(group: number, slot: number): Part {
    const first = group * GROUP;
    const word = this.words[Math.floor(first / WORD)]?.[slot] ?? 0;
    const combination = (word >>> (first % WORD)) & (2 ** GROUP - 1);
    return this.groups[group]?.[combination] ?? this.madePart(group, combination);
  }

  private madePart(group: number, combination: number): Part {
    const some = this.pieces.slice(group * GROUP, (group + 1) * GROUP);
    const part = flat(together(some.map(({ from, to }, i) => ((combination >>> i) & 1 ? to : from))));
    const known = this.groups[group];
    if (known !== undefined) known[combination] = part;
    return part;
  }
}

function pieceFor({ variable, from, to }: Pieces, slot: number): Piece {
  const pin = variable.pins.size === 0 ? undefined : variable.pins.get(slot);
  if (pin === undefined) return sideOf(variable, slot) === 'to' ? to : from;
  if (pin === from.value) return from;
  return pin === to.value ? to : pieceOf(variable.spec.name, pin);
}

/** Of values that belong to no host that is recorded: nobody is to keep them for long. */
export const answerOf = (values: Readonly<Record<string, Scalar>>): Answer =>
  joined(
    Object.entries(values).map(([name, value]) => pieceOf(name, value)),
    NOT_KEPT,
  );

const etagOfBits = (high: number, low: number): string =>
  `"v-${(high >>> 0).toString(36)}-${(low >>> 0).toString(36)}"`;

const joined = (pieces: readonly Piece[], cacheControl = CACHE_CONTROL): Answer =>
  answerOfPart(together(pieces), cacheControl);

function together(parts: readonly Part[]): Part {
  let text = '';
  let [bytes, high, low] = [Math.max(0, parts.length - 1), 0, 0];
  for (const part of parts) {
    text += text === '' ? part.text : `,${part.text}`;
    bytes += part.bytes;
    high ^= part.high;
    low ^= part.low;
  }
  return { text, bytes, high, low };
}

/** In one piece, so that it is not put together anew with each answer that it is part of. */
const flat = (part: Part): Part => ({ ...part, text: Buffer.from(part.text).toString() });

/** Of a 304. */
export const headersOfSame = (etag: string, cacheControl = CACHE_CONTROL): string[] => [
  'etag',
  etag,
  'cache-control',
  cacheControl,
];

const BRACES = 2;

function answerOfPart({ text, bytes, high, low }: Part, cacheControl = CACHE_CONTROL): Answer {
  const etag = etagOfBits(high, low);
  const type = 'application/json; charset=utf-8';
  const length = String(bytes + BRACES);
  return {
    etag,
    cacheControl,
    body: `{${text}}`,
    encoding: bytes === text.length ? 'latin1' : 'utf8',
    full: ['content-type', type, 'content-length', length, 'etag', etag, 'cache-control', cacheControl],
  };
}
