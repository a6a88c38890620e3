import { SluiceError } from '@sluice/kernel';

const encoder = new TextEncoder();
const decoder = new TextDecoder('utf-8', { fatal: true });
const SAFE = /^[A-Za-z0-9_-]+$/;

/** The longest name from outside that becomes a subject token, in UTF-8 bytes. */
export const MAX_NAME_BYTES = 200;

const isSafeByte = (byte: number): boolean =>
  (byte >= 0x30 && byte <= 0x39) ||
  (byte >= 0x41 && byte <= 0x5a) ||
  (byte >= 0x61 && byte <= 0x7a) ||
  byte === 0x2d ||
  byte === 0x5f;

/**
 * A name from outside (host, app, group) as one NATS subject token, which is also a valid KV key part:
 * letters, digits, `-` and `_` stay, every other UTF-8 byte becomes `=` and two lower-case hex digits.
 * Code BAD_NAME for an empty name or one over 200 bytes.
 */
export function encodeToken(name: string): string {
  if (name.length > 0 && name.length <= MAX_NAME_BYTES && SAFE.test(name)) return name;
  const bytes = encoder.encode(name);
  if (bytes.length === 0 || bytes.length > MAX_NAME_BYTES) {
    throw new SluiceError('BAD_NAME', `a name must have 1 to ${MAX_NAME_BYTES} bytes, this one has ${bytes.length}`);
  }
  if (!name.isWellFormed()) throw new SluiceError('BAD_NAME', 'a name must be well-formed Unicode text');
  let token = '';
  for (const byte of bytes)
    token += isSafeByte(byte) ? String.fromCharCode(byte) : `=${byte.toString(16).padStart(2, '0')}`;
  return token;
}

/** The inverse of encodeToken. Code BAD_TOKEN for anything that encodeToken does not write. */
export function decodeToken(token: string): string {
  if (SAFE.test(token) && token.length <= MAX_NAME_BYTES) return token;
  const bytes = bytesOfToken(token);
  const name = bytes.length > MAX_NAME_BYTES ? undefined : decodeBytes(bytes);
  if (name === undefined || name === '' || encodeToken(name) !== token) {
    throw new SluiceError('BAD_TOKEN', `"${token.slice(0, 80)}" is no token that Sluice writes`);
  }
  return name;
}

/** Stops one byte over the bound, however long the text is. */
function bytesOfToken(token: string): number[] {
  const bytes: number[] = [];
  for (let i = 0; i < token.length && bytes.length <= MAX_NAME_BYTES;) {
    const escaped = /^=([0-9a-f]{2})/.exec(token.slice(i, i + 3));
    bytes.push(escaped?.[1] === undefined ? token.charCodeAt(i) : Number.parseInt(escaped[1], 16));
    i += escaped === null ? 1 : 3;
  }
  return bytes;
}

function decodeBytes(bytes: readonly number[]): string | undefined {
  if (bytes.some((byte) => byte > 0xff)) return undefined;
  try {
    return decoder.decode(Uint8Array.from(bytes));
  } catch {
    return undefined;
  }
}
