import { SluiceError } from '@sluice/kernel';

import { SMOKE_LIMITS, type SmokeExpectation, type SmokeRequest } from './port.js';

const METHODS = ['GET', 'HEAD', 'OPTIONS', 'POST', 'PUT', 'PATCH', 'DELETE'];
const SAFE = new Set(['GET', 'HEAD', 'OPTIONS']);
const FIELDS = ['method', 'path', 'headers', 'body', 'expect', 'at', 'note'];
const MAX_HEADERS = 64;
const MAX_PATH = 8_192;

/** Of the connection, not of the request: they are what this connection needs, whatever was recorded. */
const OF_CONNECTION = new Set([
  ...[
    'connection',
    'keep-alive',
    'proxy-connection',
    'transfer-encoding',
    'content-length',
    'upgrade',
    'te',
    'trailer',
  ],
  ...['expect', 'accept-encoding', 'http2-settings'],
]);

export const isMutating = ({ method = 'GET' }: SmokeRequest): boolean => !SAFE.has(method);

/**
 * One request of a gate or of a recording, checked. Unknown fields are refused: a misspelt expectation would be a check
 * that never fails. Code RECORDING_INVALID, its words begin with `where`.
 */
export function requestOf(value: unknown, where: string): SmokeRequest {
  const wrong = (what: string): SluiceError => new SluiceError('RECORDING_INVALID', `${where}: ${what}`);
  if (!isRecord(value)) throw wrong('wants a request such as {"method":"GET","path":"/health"}');
  const known = fieldsOf(value, FIELDS, wrong, 'it');
  const method = known['method'] ?? 'GET';
  const path = known['path'];
  if (typeof method !== 'string' || !METHODS.includes(method))
    throw wrong(`its method is one of ${METHODS.join(', ')}`);
  if (!isPath(path)) throw wrong('its path begins with / and has visible ASCII characters, others as %XX');
  const body = bodyOf(known['body'], method, wrong);
  return {
    method,
    path,
    ...('headers' in known ? { headers: headersOf(known['headers'], wrong) } : {}),
    ...(body === undefined ? {} : { body }),
    ...('expect' in known ? { expect: expectationOf(known['expect'], wrong) } : {}),
  };
}

/** A body that is no text is sent as JSON. */
function bodyOf(body: unknown, method: string, wrong: Wrong): string | undefined {
  if (body === undefined) return undefined;
  if (method === 'GET' || method === 'HEAD') throw wrong(`${method} has no body`);
  return typeof body === 'string' ? body : JSON.stringify(body);
}

function fieldsOf(
  value: Record<string, unknown>,
  names: readonly string[],
  wrong: Wrong,
  what: string,
): Readonly<Record<string, unknown>> {
  const stranger = Object.keys(value).find((key) => !names.includes(key));
  if (stranger === undefined) return value;
  throw wrong(`${what} holds ${JSON.stringify(stranger.slice(0, 40))}; what it may hold is ${names.join(', ')}`);
}

type Wrong = (what: string) => SluiceError;

/** Names in lower case; values are never repeated in words: they may be credentials. */
export function headersOf(value: unknown, wrong: Wrong): Readonly<Record<string, string>> {
  const entries = isRecord(value) ? Object.entries(value) : undefined;
  if (entries === undefined || entries.length > MAX_HEADERS)
    throw wrong(`its headers are an object of up to ${MAX_HEADERS}`);
  const kept: Record<string, string> = {};
  for (const [name, text] of entries) {
    if (!/^[A-Za-z0-9!#$%&'*+.^_|~-]{1,100}$/.test(name)) throw wrong('a header has a name that is none');
    if (typeof text !== 'string' || text.length > 8_192 || !/^[\t\x20-\x7e]*$/.test(text))
      throw wrong(`the header ${name} is no text of visible ASCII characters`);
    if (!OF_CONNECTION.has(name.toLowerCase())) kept[name.toLowerCase()] = text;
  }
  return kept;
}

/** What each field of an expectation must be, and what is said when it is not. */
const EXPECTED: Readonly<Record<string, readonly [(value: unknown) => boolean, string]>> = {
  status: [isStatuses, 'is a status such as 200, or a list of them'],
  bodyContains: [isText, `is a text of 1 to ${SMOKE_LIMITS.pattern} characters`],
  bodyMatches: [isPattern, `is a regular expression of 1 to ${SMOKE_LIMITS.pattern} characters`],
  maxMs: [
    (value) => typeof value === 'number' && value > 0 && value <= SMOKE_LIMITS.timeoutMs.most,
    'is a number of milliseconds above 0',
  ],
};

function expectationOf(value: unknown, wrong: Wrong): SmokeExpectation {
  if (!isRecord(value)) throw wrong('its expect is an object');
  for (const [name, one] of Object.entries(fieldsOf(value, Object.keys(EXPECTED), wrong, 'expect'))) {
    const [holds, wanted] = EXPECTED[name] ?? [];
    if (holds?.(one) !== true) throw wrong(`expect.${name} ${wanted ?? 'is unknown'}`);
  }
  return value;
}

function isStatuses(value: unknown): boolean {
  const list: readonly unknown[] = Array.isArray(value) ? value : [value];
  return list.length > 0 && list.length <= 20 && list.every(isStatus);
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value !== '' && value.length <= SMOKE_LIMITS.pattern;
}

const isPath = (value: unknown): value is string =>
  typeof value === 'string' && value.length <= MAX_PATH && /^\/[\x21-\x7e]*$/.test(value);

const isStatus = (value: unknown): boolean => Number.isInteger(value) && Number(value) >= 100 && Number(value) <= 599;

function isPattern(value: unknown): boolean {
  if (!isText(value)) return false;
  try {
    return new RegExp(value) instanceof RegExp;
  } catch {
    return false;
  }
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
