import { hash } from 'node:crypto';

import type { Scalar } from '@sluice/contracts';
import { sideOf, type VariableState } from '@sluice/variable';

/** What one host is told. */
export interface Answer {
  readonly etag: string;
  /** Flat JSON. */
  readonly body: string;
  /** Of a 200 and of a 304: names and values in turn, as node takes them. */
  readonly full: string[];
  readonly same: string[];
}

/** A client keeps what it has while we are away; a cache between us may, too. */
const CACHE_CONTROL = 'private, max-age=5, stale-if-error=2592000';
const NOT_KEPT = 'no-store';

/** Characters of a variable's part of an ETag: 36 bits tell its values apart. */
const CODE = 6;
/** More would make the header long: then the parts are hashed together. */
const MOST_CODES = 40;

/** A value of a variable, ready to be put together with others: `"docker":"1.6"`, its bytes, and its part of the ETag. */
interface Piece {
  readonly value: Scalar;
  readonly text: string;
  readonly bytes: number;
  readonly code: string;
}

interface Pieces {
  readonly variable: VariableState;
  readonly from: Piece;
  readonly to: Piece;
}

function pieceOf(name: string, value: Scalar): Piece {
  const text = `${JSON.stringify(name)}:${JSON.stringify(value)}`;
  return { value, text, bytes: Buffer.byteLength(text), code: hash('sha256', text, 'base64url').slice(0, CODE) };
}

/**
 * The answers of a fleet's hosts, put together from pieces that are made when a variable is defined. An answer is as
 * cheap as looking one up, so that none is kept: a fleet in mid-ramp has nearly as many as hosts. An ETag follows from the
 * values alone, whoever works it out.
 */
export class Answers {
  private pieces: readonly Pieces[] = [];

  /** `variables`: by name. */
  prepare(variables: readonly VariableState[]): void {
    this.pieces = variables.map((variable) => {
      const { name, from, to } = variable.spec;
      return { variable, from: pieceOf(name, from), to: pieceOf(name, to) };
    });
  }

  etagOf(slot: number): string {
    let codes = '';
    for (const pieces of this.pieces) codes += pieceFor(pieces, slot).code;
    return etagOfCodes(codes, this.pieces.length);
  }

  of(slot: number): Answer {
    return joined(this.pieces.map((pieces) => pieceFor(pieces, slot)));
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

const etagOfCodes = (codes: string, count: number): string =>
  `"v-${count <= MOST_CODES ? codes : hash('sha256', codes, 'base64url').slice(0, 22)}"`;

function joined(pieces: readonly Piece[], cacheControl = CACHE_CONTROL): Answer {
  let [body, codes, bytes] = ['{', '', 1 + Math.max(1, pieces.length)];
  for (const { text, code, bytes: more } of pieces) {
    body += codes !== '' ? `,${text}` : text;
    codes += code;
    bytes += more;
  }
  const etag = etagOfCodes(codes, pieces.length);
  const same = ['etag', etag, 'cache-control', cacheControl];
  const type = 'application/json; charset=utf-8';
  return {
    etag,
    body: `${body}}`,
    full: ['content-type', type, 'content-length', String(bytes), ...same],
    same,
  };
}
