import type { Environment } from '@sluice/contracts';

/** How the targets behind the canary are cut into batches (design 6.5). `percent` 0 = one at a time. */
export type BatchRule =
  | { readonly kind: 'percent'; readonly percent: number }
  | { readonly kind: 'pattern'; readonly terms: readonly number[] }
  | { readonly kind: 'count'; readonly count: number };

export type ParsedBatches =
  | { readonly ok: true; readonly rule: BatchRule }
  | { readonly ok: false; readonly code: string; readonly message: string };

/** The largest share of a group that one batch may take, in percent. */
export const BATCH_CAP: Readonly<Record<Environment, number>> = { production: 50, test: 100 };

export const MAX_TERMS = 100;
const MAX_COUNT = 100_000;

/**
 * Reads `25%`, `0%` (one at a time), a pattern `10%+20%+70%` (2..100 terms, sum 100) or a number of batches `4`.
 * Spaces around the whole and around `+` do not count. `cap` is the largest share allowed, in percent.
 * Codes: BATCHES_SYNTAX, BATCHES_SHARE, BATCHES_TERMS, BATCHES_SUM, BATCHES_COUNT.
 */
export function parseBatches(text: string, cap: number): ParsedBatches {
  const terms = text.split('+').map((term) => term.trim());
  if (terms.length > MAX_TERMS)
    return refuse('BATCHES_TERMS', `a pattern has at most ${MAX_TERMS} terms, this one has ${terms.length}`);
  if (terms.length === 1 && /^[0-9]{1,6}$/.test(terms[0] ?? '')) return parseCount(Number(terms[0]), cap);
  const shares = terms.map(shareOf);
  if (!shares.every((share) => share !== undefined)) {
    const shown = JSON.stringify(text.slice(0, 60));
    return refuse(
      'BATCHES_SYNTAX',
      `${shown} is no batch rule: write 25%, 0% (one at a time), 10%+20%+70%, or 4 (batches)`,
    );
  }
  const [only, ...others] = shares;
  return only !== undefined && others.length === 0 ? parsePercent(only, cap) : parsePattern(shares, cap);
}

const refuse = (code: string, message: string): ParsedBatches => ({ ok: false, code, message });

function shareOf(term: string): number | undefined {
  return /^[0-9]{1,3}%$/.test(term) ? Number(term.slice(0, -1)) : undefined;
}

function parsePercent(percent: number, cap: number): ParsedBatches {
  if (percent > cap)
    return refuse('BATCHES_SHARE', `${percent}% is above the largest share of a batch here: write 0% to ${cap}%`);
  return { ok: true, rule: { kind: 'percent', percent } };
}

function parsePattern(terms: readonly number[], cap: number): ParsedBatches {
  const bad = terms.find((term) => term < 1 || term > cap);
  if (bad !== undefined)
    return refuse('BATCHES_SHARE', `a term of ${bad}% is not allowed here: each must be 1% to ${cap}%`);
  const sum = terms.reduce((total, term) => total + term, 0);
  if (sum !== 100) return refuse('BATCHES_SUM', `the terms add up to ${sum}%, they must add up to exactly 100%`);
  return { ok: true, rule: { kind: 'pattern', terms } };
}

function parseCount(count: number, cap: number): ParsedBatches {
  const least = Math.ceil(100 / cap);
  if (count < least || count > MAX_COUNT) {
    return refuse(
      'BATCHES_COUNT',
      `${count} batches are not allowed here: write ${least} to ${MAX_COUNT}, as one may take at most ${cap}%`,
    );
  }
  return { ok: true, rule: { kind: 'count', count } };
}
