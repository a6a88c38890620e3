import { SluiceError } from '@sluice/kernel';

import type { Told, Values } from './puller.js';

const MAX_BYTES = 1024 * 1024;

export interface Address {
  /** `http://host:port` of the gateway. */
  readonly url: string;
  readonly host: string;
  readonly role: string;
  readonly fleet: string;
  readonly token?: string | undefined;
  readonly timeoutMs: number;
}

/** One GET. Code PULL_FAILED for anything but values and 304; never holds the token. */
export async function ask(address: Address, etag: string | undefined, actual: Values | undefined): Promise<Told> {
  const { url, host, role, fleet, token, timeoutMs } = address;
  const query = new URLSearchParams({ fleet, role }).toString();
  const response = await fetch(`${url}/v1/desired-state/${encodeURIComponent(host)}?${query}`, {
    headers: {
      accept: 'application/json',
      ...(etag === undefined ? {} : { 'if-none-match': etag }),
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
      ...(actual === undefined ? {} : { 'x-sluice-actual': actualText(actual) }),
    },
    signal: AbortSignal.timeout(timeoutMs),
    redirect: 'error',
  });
  if (response.status === 304) {
    await response.body?.cancel();
    return { kind: 'same' };
  }
  const text = await response.text();
  if (response.status !== 200) throw failed(`it answered ${response.status}`);
  return { kind: 'values', etag: response.headers.get('etag') ?? '', values: valuesOf(text) };
}

/** What fits into a header; the rest goes unsaid. */
const MAX_ACTUAL = 2_000;

export function actualText(actual: Values): string {
  let text = '';
  for (const [name, value] of Object.entries(actual)) {
    const next = `${text}${text === '' ? '' : ', '}${name}=${encodeURIComponent(String(value))}`;
    if (next.length > MAX_ACTUAL) break;
    text = next;
  }
  return text;
}

/** Flat scalars, or nothing: an answer of something else in between changes no host. Code PULL_FAILED. */
export function valuesOf(text: string): Values {
  if (text.length > MAX_BYTES) throw failed('the answer is too large');
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw failed('the answer is no JSON');
  }
  if (!isValues(value)) throw failed('the answer is no flat object of texts, numbers and booleans');
  return value;
}

const isValues = (value: unknown): value is Values =>
  typeof value === 'object' &&
  value !== null &&
  !Array.isArray(value) &&
  Object.values(value).every((each) => ['string', 'number', 'boolean'].includes(typeof each));

const failed = (why: string): SluiceError =>
  new SluiceError('PULL_FAILED', `no desired state: ${why}; look at the address of the gateway and the token`);
