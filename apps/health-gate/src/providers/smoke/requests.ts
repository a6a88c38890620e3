import { SluiceError } from '@sluice/kernel';

import { SMOKE_LIMITS, type SmokeExpectation, type SmokeRequest } from './port.js';

const METHODS = ['GET', 'HEAD', 'OPTIONS', 'POST', 'PUT', 'PATCH', 'DELETE'];
const SAFE = new Set(['GET', 'HEAD', 'OPTIONS']);
const FIELDS = ['method', 'path', 'headers', 'body', 'expect', 'at', 'note'];
const EXPECTED = ['status', 'bodyContains', 'bodyMatches', 'maxMs'];
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
  const stranger = Object.keys(value).find((key) => !FIELDS.includes(key));
  if (stranger !== undefined) throw wrong(`holds "${stranger.slice(0, 40)}"; its fields are ${FIELDS.join(', ')}`);
  const { method = 'GET', path, headers, body, expect } = value;
  if (typeof method !== 'string' || !METHODS.includes(method))
    throw wrong(`its method is one of ${METHODS.join(', ')}`);
  if (typeof path !== 'string' || path.length > MAX_PATH || !/^\/[\x21-\x7e]*$/.test(path))
    throw wrong('its path begins with / and has visible ASCII characters, others as %XX');
  const sent = headers === undefined ? undefined : headersOf(headers, wrong);
  const text = body === undefined || typeof body === 'string' ? body : JSON.stringify(body);
  if (text !== undefined && (method === 'GET' || method === 'HEAD')) throw wrong(`${method} has no body`);
  const wanted = expect === undefined ? undefined : expectationOf(expect, wrong);
  return {
    method,
    path,
    ...(sent === undefined ? {} : { headers: sent }),
    ...(text === undefined ? {} : { body: text }),
    ...(wanted === undefined ? {} : { expect: wanted }),
  };
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

function expectationOf(value: unknown, wrong: Wrong): SmokeExpectation {
  if (!isRecord(value)) throw wrong('its expect is an object');
  const stranger = Object.keys(value).find((key) => !EXPECTED.includes(key));
  if (stranger !== undefined) throw wrong(`expect holds "${stranger.slice(0, 40)}"; it knows ${EXPECTED.join(', ')}`);
  const { status, bodyContains, bodyMatches, maxMs } = value;
  const statuses: readonly unknown[] = Array.isArray(status) ? status : [status];
  if (status !== undefined && (statuses.length === 0 || !statuses.every(isStatus)))
    throw wrong('expect.status is a status such as 200, or a list of them');
  if (bodyContains !== undefined && (typeof bodyContains !== 'string' || bodyContains.length > SMOKE_LIMITS.pattern))
    throw wrong(`expect.bodyContains is a text of up to ${SMOKE_LIMITS.pattern} characters`);
  if (bodyMatches !== undefined && !isPattern(bodyMatches))
    throw wrong(`expect.bodyMatches is a regular expression of up to ${SMOKE_LIMITS.pattern} characters`);
  if (maxMs !== undefined && !(typeof maxMs === 'number' && maxMs > 0 && maxMs <= SMOKE_LIMITS.timeoutMs.most))
    throw wrong('expect.maxMs is a number of milliseconds above 0');
  return value;
}

const isStatus = (value: unknown): boolean => Number.isInteger(value) && Number(value) >= 100 && Number(value) <= 599;

function isPattern(value: unknown): value is string {
  if (typeof value !== 'string' || value.length > SMOKE_LIMITS.pattern) return false;
  try {
    return new RegExp(value) instanceof RegExp;
  } catch {
    return false;
  }
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
