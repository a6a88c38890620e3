import { createContext, Script } from 'node:vm';

import type { Exchanged } from '../http/exchange.js';
import { SMOKE_LIMITS, type SmokeCheck, type SmokeExpectation } from './port.js';

export interface Miss {
  readonly check: SmokeCheck;
  readonly words: string;
}

/** What is not as expected, in words that hold nothing of the answer's body. */
export function missesOf(answer: Exchanged, ms: number, expect: SmokeExpectation, matcher: Matcher): readonly Miss[] {
  const misses = [statusMiss(answer, expect), ...bodyMisses(answer, expect, matcher)];
  if (expect.maxMs !== undefined && ms > expect.maxMs)
    misses.push({ check: 'latency', words: `took ${Math.round(ms)} ms > ${expect.maxMs} ms` });
  return misses.filter((miss) => miss !== undefined);
}

function statusMiss({ status }: Exchanged, { status: wanted }: SmokeExpectation): Miss | undefined {
  const list = wanted === undefined ? undefined : [wanted].flat();
  const isGood = list === undefined ? status >= 200 && status < 300 : list.includes(status);
  return isGood ? undefined : { check: 'status', words: `status ${status}, wanted ${list?.join(' or ') ?? '2xx'}` };
}

function bodyMisses(
  { text, isCut }: Exchanged,
  { contains, matches }: SmokeExpectation,
  matcher: Matcher,
): (Miss | undefined)[] {
  const where = isCut
    ? `the first ${SMOKE_LIMITS.bodyBytes} bytes of the body`
    : `the body of ${text.length} characters`;
  const lacks = (what: string, wanted = ''): Miss => ({
    check: 'body',
    words: `${where} ${what} ${JSON.stringify(wanted.slice(0, 100))}`,
  });
  const isHeld = contains === undefined || text.includes(contains);
  const isMatch = matches === undefined ? true : matcher.test(matches, text);
  return [
    isHeld ? undefined : lacks('does not contain', contains),
    isMatch === true ? undefined : lacks(isMatch === false ? 'does not match' : 'takes too long to match', matches),
  ];
}

/** Ample for an honest expression on a machine that is busy with something else, too. */
const MATCH_MS = 1_000;
const MOST_SLOW = 3;
const match = new Script('new RegExp(pattern).test(text)');

/**
 * Regular expressions of one run. One can take years, and nobody who writes it must be able to stop the service: it is
 * stopped itself, and not tried again in this run.
 */
export class Matcher {
  readonly #sandbox = createContext({ pattern: '', text: '' });
  readonly #slow = new Set<string>();

  constructor(private readonly boundMs = MATCH_MS) {}

  /** Undefined: it takes too long. */
  test(pattern: string, text: string): boolean | undefined {
    if (this.#slow.has(pattern) || this.#slow.size >= MOST_SLOW) return undefined;
    Object.assign(this.#sandbox, { pattern, text });
    try {
      return match.runInContext(this.#sandbox, { timeout: this.boundMs }) === true;
    } catch {
      this.#slow.add(pattern);
      return undefined;
    }
  }
}
