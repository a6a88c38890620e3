import { createContext, Script } from 'node:vm';

import type { Exchanged } from '../http/exchange.js';
import { SMOKE_LIMITS, type SmokeCheck, type SmokeExpectation } from './port.js';

export interface Miss {
  readonly check: SmokeCheck;
  readonly words: string;
}

/** What is not as expected, in words that hold nothing of the answer's body. */
export function missesOf(answer: Exchanged, ms: number, expect: SmokeExpectation): readonly Miss[] {
  const misses = [statusMiss(answer, expect), ...bodyMisses(answer, expect)];
  if (expect.maxMs !== undefined && ms > expect.maxMs)
    misses.push({ check: 'latency', words: `took ${Math.round(ms)} ms > ${expect.maxMs} ms` });
  return misses.filter((miss) => miss !== undefined);
}

function statusMiss({ status }: Exchanged, { status: wanted }: SmokeExpectation): Miss | undefined {
  const list = wanted === undefined ? undefined : [wanted].flat();
  const isGood = list === undefined ? status >= 200 && status < 300 : list.includes(status);
  return isGood ? undefined : { check: 'status', words: `status ${status}, wanted ${list?.join(' or ') ?? '2xx'}` };
}

function bodyMisses({ text, isCut }: Exchanged, { contains, matches }: SmokeExpectation): (Miss | undefined)[] {
  const where = isCut
    ? `the first ${SMOKE_LIMITS.bodyBytes} bytes of the body`
    : `the body of ${text.length} characters`;
  const lacks = (what: string, wanted = ''): Miss => ({
    check: 'body',
    words: `${where} ${what} ${JSON.stringify(wanted.slice(0, 100))}`,
  });
  const isHeld = contains === undefined || text.includes(contains);
  const isMatch = matches === undefined ? true : matchedWithin(matches, text);
  return [
    isHeld ? undefined : lacks('does not contain', contains),
    isMatch === true ? undefined : lacks(isMatch === false ? 'does not match' : 'takes too long to match', matches),
  ];
}

/** A regular expression can take years; nobody waits longer for one body. */
const MATCH_MS = 50;
const sandbox: { pattern: string; text: string } = Object.assign(Object.create(null), { pattern: '', text: '' });
const match = new Script('new RegExp(pattern).test(text)');

/** Undefined: it was stopped. Whoever writes a gate must not be able to stop the service with it. */
function matchedWithin(pattern: string, text: string): boolean | undefined {
  Object.assign(sandbox, { pattern, text });
  try {
    return match.runInContext(context(), { timeout: MATCH_MS }) === true;
  } catch {
    return undefined;
  } finally {
    Object.assign(sandbox, { pattern: '', text: '' });
  }
}

let made: ReturnType<typeof createContext> | undefined;
const context = (): ReturnType<typeof createContext> => (made ??= createContext(sandbox));
