import { createHash } from 'node:crypto';
import type { WeightDocument } from './document.js';

/** The header that carries the side from hop to hop. */
export const SIDE_HEADER = 'x-sluice-side';

/** A hundred for each percent. */
export const BUCKETS = 10_000;

/** A fetch `Headers`, or an object as `node:http` has it; the case of the names does not matter. */
export type RequestHeaders =
  { get(name: string): string | null | undefined } | Readonly<Record<string, string | readonly string[] | undefined>>;

/** H(requestId) mod 10000: the first four bytes of SHA-256 over its UTF-8, read as a big-endian number. */
export function bucketOf(requestId: string): number {
  return createHash('sha256').update(requestId, 'utf8').digest().readUInt32BE(0) % BUCKETS;
}

/**
 * The side of the lower name has the buckets from 0 up to its weight times 100, the other has the rest: whoever is on a
 * side stays there while the weight of that side rises.
 */
export function pickSide({ weights }: WeightDocument, requestId: string): string {
  const [lower = '', upper = ''] = Object.keys(weights).sort();
  return bucketOf(requestId) < (weights[lower] ?? 0) * 100 ? lower : upper;
}

/** The side that the request carries if it is one of the document's two, whatever their weights; else the picked one. */
export function sideOf(headers: RequestHeaders, document: WeightDocument, requestId: string): string {
  const carried = carriedSide(headers);
  return carried !== undefined && Object.hasOwn(document.weights, carried) ? carried : pickSide(document, requestId);
}

/** What each call to the next hop has to carry. Set it, never append: two values are no side. */
export const headersFor = (side: string): Record<typeof SIDE_HEADER, string> => ({ [SIDE_HEADER]: side });

function carriedSide(headers: RequestHeaders): string | undefined {
  if (typeof headers['get'] === 'function') return headers['get'](SIDE_HEADER) ?? undefined;
  const name = Object.keys(headers).find((key) => key.toLowerCase() === SIDE_HEADER);
  return name === undefined ? undefined : String(Reflect.get(headers, name));
}
