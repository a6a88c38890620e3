import { proofError, type ProofCode } from './errors.js';

/** Bytes of standard base64 with padding, written as an encoder writes it and in no other way. */
export function fromBase64(text: string, code: ProofCode, what: string): Buffer {
  const bytes = Buffer.from(text, 'base64');
  if (text === '' || bytes.toString('base64') !== text) throw proofError(code, `${what} is no base64`);
  return bytes;
}

const DECIMAL = /^(0|[1-9]\d{0,15})$/;

/** A whole number without leading zeros. */
export function countOf(text: string, code: ProofCode, what: string): number {
  const value = DECIMAL.test(text) ? Number(text) : Number.NaN;
  if (!Number.isSafeInteger(value)) throw proofError(code, `${what} is no number of entries`);
  return value;
}

/** Text of UTF-8, bounded. */
export function textOf(input: string | Uint8Array, maxBytes: number, code: ProofCode): string {
  const length = typeof input === 'string' ? Buffer.byteLength(input) : input.length;
  if (length > maxBytes) throw proofError(code, `${length} bytes are more than the ${maxBytes} that are read`);
  if (typeof input === 'string') return input;
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(input);
  } catch {
    throw proofError(code, 'it is no text of UTF-8');
  }
}
