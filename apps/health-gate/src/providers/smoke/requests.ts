import { SluiceError } from '@sluice/kernel';

import { SMOKE_LIMITS, type SmokeRequest } from './port.js';

const METHODS = ['GET', 'HEAD', 'OPTIONS', 'POST', 'PUT', 'PATCH', 'DELETE'];
const SAFE = new Set(['GET', 'HEAD', 'OPTIONS']);
const MAX_HEADERS = 64;
const MAX_PATH = 8_192;

/** Of the connection, not of the request: they are what this connection needs, whatever was recorded. */
const OF_CONNECTION = new Set(
  'connection keep-alive proxy-connection transfer-encoding content-length upgrade te trailer expect accept-encoding'.split(
    ' ',
  ),
);

export const isMutating = ({ method = 'GET' }: SmokeRequest): boolean => !SAFE.has(method);

/** What each field must be, and what is said when it is not. `at` and `note` are for whoever recorded it. */
const FIELDS: Readonly<Record<string, readonly [(value: unknown) => boolean, string]>> = {
  method: [(value) => METHODS.some((method) => method === value), `is one of ${METHODS.join(', ')}`],
  path: [isPath, 'begins with / and has visible ASCII characters, others as %XX'],
  headers: [isRecord, 'is an object of texts'],
  body: [() => true, ''],
  status: [isStatuses, 'is a status such as 200, or a list of them'],
  contains: [(value) => isText(value, SMOKE_LIMITS.text), `is a text of 1 to ${SMOKE_LIMITS.text} characters`],
  matches: [isPattern, `is a regular expression of 1 to ${SMOKE_LIMITS.pattern} characters`],
  maxMs: [
    (value) => typeof value === 'number' && value > 0 && value <= SMOKE_LIMITS.timeoutMs.most,
    'is a number of milliseconds above 0',
  ],
  at: [() => true, ''],
  note: [() => true, ''],
};

/**
 * One request of a gate or of a recording, checked. Unknown fields are refused: a misspelt expectation would be a check
 * that never fails. Code RECORDING_INVALID, its words begin with `where`.
 */
export function requestOf(value: unknown, where: string): SmokeRequest {
  const wrong = (what: string): SluiceError => new SluiceError('RECORDING_INVALID', `${where}: ${what}`);
  if (!isRecord(value)) throw wrong('wants a request such as {"method":"GET","path":"/health"}');
  for (const [name, one] of Object.entries({ path: undefined, ...value })) {
    const fault = faultOf(name, one);
    if (fault !== undefined) throw wrong(fault);
  }
  const { at: _at, note: _note, headers, body, ...rest } = value as unknown as SmokeRequest & Record<string, unknown>;
  const sent = bodyOf(body, rest.method ?? 'GET', wrong);
  return {
    ...rest,
    ...(headers === undefined ? {} : { headers: headersOf(headers, wrong) }),
    ...(sent === undefined ? {} : { body: sent }),
  };
}

function faultOf(name: string, value: unknown): string | undefined {
  const field = Object.hasOwn(FIELDS, name) ? FIELDS[name] : undefined;
  if (field === undefined)
    return `holds ${JSON.stringify(name.slice(0, 40))}; what it may hold is ${Object.keys(FIELDS).join(', ')}`;
  const [holds, wanted] = field;
  return (value === undefined && name !== 'path') || holds(value) ? undefined : `${name} ${wanted}`;
}

/** A body that is no text is sent as JSON. */
function bodyOf(body: unknown, method: string, wrong: Wrong): string | undefined {
  if (body === undefined) return undefined;
  if (method === 'GET' || method === 'HEAD') throw wrong(`${method} has no body`);
  return typeof body === 'string' ? body : JSON.stringify(body);
}

type Wrong = (what: string) => SluiceError;

/** Names in lower case; values are never repeated in words: they may be credentials. */
export function headersOf(value: unknown, wrong: Wrong): Readonly<Record<string, string>> {
  const entries = isRecord(value) ? Object.entries(value) : undefined;
  if (entries === undefined || entries.length > MAX_HEADERS)
    throw wrong(`its headers are an object of up to ${MAX_HEADERS}`);
  const kept: Record<string, string> = {};
  for (const [name, text] of entries) {
    if (!/^[A-Za-z0-9!#$%&'*+.^_|~-]{1,200}$/.test(name)) throw wrong('a header has a name that is none');
    if (typeof text !== 'string' || text.length > 8_192 || !/^[\t\x20-\x7e]*$/.test(text))
      throw wrong(`the header ${name} is no text of visible ASCII characters`);
    if (!OF_CONNECTION.has(name.toLowerCase())) kept[name.toLowerCase()] = text;
  }
  return kept;
}

function isStatuses(value: unknown): boolean {
  const list: readonly unknown[] = Array.isArray(value) ? value : [value];
  return list.length > 0 && list.length <= 20 && list.every(isStatus);
}

function isText(value: unknown, most: number): value is string {
  return typeof value === 'string' && value !== '' && value.length <= most;
}

function isPath(value: unknown): boolean {
  return typeof value === 'string' && value.length <= MAX_PATH && /^\/[\x21-\x7e]*$/.test(value);
}

const isStatus = (value: unknown): boolean => Number.isInteger(value) && Number(value) >= 100 && Number(value) <= 599;

function isPattern(value: unknown): boolean {
  if (!isText(value, SMOKE_LIMITS.pattern)) return false;
  try {
    return new RegExp(value) instanceof RegExp;
  } catch {
    return false;
  }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
