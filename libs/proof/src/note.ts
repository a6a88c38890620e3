import { proofError } from './errors.js';
import { isKeyName, type SignerKey, type VerifierKey } from './keys.js';
import { fromBase64, textOf } from './text.js';

/** The spec asks for 16 at least; Go's reader stops at 100 as well. */
const MAX_SIGNATURES = 100;
const MAX_NOTE_BYTES = 1024 * 1024;
const ID_BYTES = 4;
const DASH = '\u2014 ';

export interface NoteSignature {
  readonly name: string;
  /** Eight hex digits. */
  readonly id: string;
  readonly signature: Buffer;
}

/** A note as it is written (C2SP signed-note). Its text is worth nothing until a known key has verified it. */
export interface ParsedNote {
  /** With its last newline. */
  readonly text: string;
  readonly signatures: readonly NoteSignature[];
}

export interface OpenedNote {
  readonly text: string;
  /** The known keys that signed it; at least one. */
  readonly signedBy: readonly VerifierKey[];
}

/** Code BAD_NOTE for a text that cannot be one. */
export function signNote(text: string, signers: readonly SignerKey[]): string {
  if (!isNoteText(text)) throw proofError('BAD_NOTE', 'the text of a note is lines of UTF-8, the last one ended');
  const lines = signers.map((signer) => {
    const signed = Buffer.concat([Buffer.from(signer.id, 'hex'), signer.sign(text)]);
    return `${DASH}${signer.name} ${signed.toString('base64')}\n`;
  });
  return `${text}\n${lines.join('')}`;
}

/** Code BAD_NOTE. */
export function parseNote(input: string | Uint8Array): ParsedNote {
  const note = textOf(input, MAX_NOTE_BYTES, 'BAD_NOTE');
  const blank = note.lastIndexOf('\n\n');
  const [text, rest] = [note.slice(0, blank + 1), note.slice(blank + 2)];
  if (blank < 1 || !isNoteText(text) || !isNoteText(rest))
    throw proofError('BAD_NOTE', 'a note is a text, an empty line and lines of signatures');
  const lines = rest.slice(0, -1).split('\n', MAX_SIGNATURES + 1);
  if (lines.length > MAX_SIGNATURES) throw proofError('BAD_NOTE', `it has more than ${MAX_SIGNATURES} signatures`);
  return { text, signatures: lines.map(signatureOf) };
}

/**
 * The text of a note that at least one of these keys has signed. Signatures of keys that are not among them count for
 * nothing; one of a known key that is wrong spoils the note. Codes BAD_NOTE, UNVERIFIED.
 */
export function openNote(input: string | Uint8Array, known: readonly VerifierKey[]): OpenedNote {
  const { text, signatures } = parseNote(input);
  const signedBy = known.filter((key) => {
    const own = signatures.filter(({ name, id }) => name === key.name && id === key.id);
    if (own.some(({ signature }) => !key.verify(text, signature)))
      throw proofError('UNVERIFIED', `the signature of ${key.name} is not one of this text: it was changed`);
    return own.length > 0;
  });
  if (signedBy.length === 0) {
    const names = [...new Set(signatures.map(({ name, id }) => `${name}+${id}`))].slice(0, 5).join(', ');
    throw proofError('UNVERIFIED', `none of the given keys has signed it; signed by ${names}: give the verifier key`);
  }
  return { text, signedBy };
}

const isNoteText = (text: string): boolean =>
  // eslint-disable-next-line no-control-regex
  text.length > 1 && text.endsWith('\n') && text.isWellFormed() && !/[\u0000-\u0009\u000b-\u001f]/.test(text);

function signatureOf(line: string): NoteSignature {
  const [name = '', encoded = '', ...more] = line.startsWith(DASH) ? line.slice(DASH.length).split(' ') : [];
  if (!isKeyName(name) || more.length > 0) throw proofError('BAD_NOTE', 'a line behind the empty one is no signature');
  const bytes = fromBase64(encoded, 'BAD_NOTE', `the signature of ${name}`);
  if (bytes.length <= ID_BYTES) throw proofError('BAD_NOTE', `the signature of ${name} is too short`);
  return { name, id: bytes.toString('hex', 0, ID_BYTES), signature: bytes.subarray(ID_BYTES) };
}
