import { parse } from 'yaml';

import type { Fault } from '@sluice/contracts';
import type { Actor } from '@sluice/kernel';
import { messageOf } from '@sluice/kernel';

import { refuse } from '../problems/problem.js';

export type Document = Readonly<Record<string, unknown>>;

/** More aliases than any document needs, fewer than a bomb is made of. */
const MAX_ALIASES = 50;
/** Deeper than any request; the planner draws its own, closer line. */
const MAX_DEPTH = 64;

/** A YAML document as the JSON value that it means. Code BAD_YAML. */
export function parseYaml(text: string): unknown {
  try {
    return parse(text, { maxAliasCount: MAX_ALIASES, uniqueKeys: true, prettyErrors: true }) as unknown;
  } catch (error) {
    const [firstLine] = messageOf(error).split('\n');
    throw refuse('BAD_YAML', `the body is no YAML document: ${firstLine ?? ''}`, { status: 400 });
  }
}

/** A document is an object, of so many values at most; all else about it is the planner's to say. Code BAD_DOCUMENT. */
export function documentOf(body: unknown, maxValues = Number.POSITIVE_INFINITY): Document {
  if (typeof body !== 'object' || body === null || Array.isArray(body)) {
    throw badDocument('NO_OBJECT', 'the document must be one object with named fields');
  }
  const shape = shapeOf(body, maxValues);
  if (shape === 'large') throw badDocument('TOO_LARGE', `the document has more than ${maxValues} values`);
  if (shape === 'deep') throw badDocument('TOO_DEEP', `the document is nested deeper than ${MAX_DEPTH} levels`);
  return body as Document;
}

function badDocument(code: string, message: string): Error {
  const fault: Fault = { path: '', code, message };
  return refuse('BAD_DOCUMENT', message, { status: 422, faults: [fault] });
}

/** Level by level: a recursive look would itself fall over a document that is made to. */
function shapeOf(document: object, maxValues: number): 'deep' | 'large' | 'fine' {
  let level: unknown[] = [document];
  let seen = 0;
  for (let depth = 0; level.length > 0; depth += 1) {
    if (depth > MAX_DEPTH) return 'deep';
    seen += level.length;
    if (seen > maxValues) return 'large';
    level = level.flatMap((value) => (typeof value === 'object' && value !== null ? Object.values(value) : []));
  }
  return 'fine';
}

/**
 * The document with who asked for it: the caller. Who may act for others may name somebody else in it. Code NOT_YOU.
 */
export function withRequester(document: Document, actor: Actor, mayActForOthers: boolean): Document {
  const named = document['requestedBy'];
  if (named === undefined) return { ...document, requestedBy: actor };
  if (mayActForOthers || isSame(named, actor)) return document;
  const detail = `/requestedBy names somebody else than ${actor.kind}:${actor.id}, who calls: leave it out`;
  throw refuse('NOT_YOU', detail, { status: 403 });
}

const isSame = (named: unknown, { id, kind }: Actor): boolean =>
  typeof named === 'object' &&
  named !== null &&
  'id' in named &&
  'kind' in named &&
  named.id === id &&
  named.kind === kind;
