import {
  createHash,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  sign,
  verify,
} from 'node:crypto';

import { proofError } from './errors.js';
import { fromBase64 } from './text.js';

/** Signature type of Ed25519 in C2SP signed-note. */
const ED25519 = 0x01;
const KEY_BYTES = 32;
const ID_BYTES = 4;
const PRIVATE = 'PRIVATE+KEY+';
const MAX_KEY_TEXT = 1_024;
/** What stands before the 32 bytes in PKCS #8 of an Ed25519 key (RFC 8410). */
const PKCS8 = Buffer.from('302e020100300506032b657004220420', 'hex');

/** Whom a reader of notes trusts: `<name>+<key id>+<base64 of 0x01 and the public key>`. */
export interface VerifierKey {
  readonly name: string;
  /** Eight hex digits. */
  readonly id: string;
  readonly text: string;
  verify(text: string, signature: Uint8Array): boolean;
}

/** Signs notes. It never shows its secret: that is in the text that it was read from. */
export interface SignerKey {
  readonly name: string;
  readonly id: string;
  readonly verifier: VerifierKey;
  sign(text: string): Buffer;
}

/** Code BAD_KEY. */
export function parseVerifierKey(text: string): VerifierKey {
  const { name, id, key } = partsOf(text.trim());
  const verifier = verifierOf(name, key);
  if (verifier.id !== id)
    throw proofError('BAD_KEY', `the verifier key of ${name} does not have the id that it says: copy it once more`);
  return verifier;
}

/** `PRIVATE+KEY+<name>+<key id>+<base64 of 0x01 and the seed>`, as Go's sumdb/note has it. Code BAD_KEY. */
export function parseSignerKey(text: string): SignerKey {
  const trimmed = text.trim();
  if (!trimmed.startsWith(PRIVATE)) throw proofError('BAD_KEY', `a signer key begins with ${PRIVATE}`);
  const { name, id, key } = partsOf(trimmed.slice(PRIVATE.length));
  const signer = signerOf(name, key);
  if (signer.id !== id) throw proofError('BAD_KEY', `the signer key of ${name} does not have the id that it says`);
  return signer;
}

export interface KeyTexts {
  /** A secret: whoever has it signs checkpoints in this name. */
  readonly signer: string;
  readonly verifier: string;
}

/** A new key of that name (a schema-less URL, such as `example.com/log`). Code BAD_KEY for a name that cannot be one. */
export function generateKeys(name: string): KeyTexts {
  const { privateKey } = generateKeyPairSync('ed25519');
  const seed = privateKey.export({ format: 'der', type: 'pkcs8' }).subarray(-KEY_BYTES);
  const { id, verifier } = signerOf(name, seed);
  return { signer: `${PRIVATE}${name}+${id}+${typed(seed).toString('base64')}`, verifier: verifier.text };
}

/** Whether a name can stand in a signature line: no space, no plus, no control character. */
export const isKeyName = (name: string): boolean =>
  name !== '' && name.isWellFormed() && !/[\s+\p{Z}\p{Cc}]/u.test(name);

function partsOf(text: string): { readonly name: string; readonly id: string; readonly key: Buffer } {
  const [, name = '', id = '', encoded = ''] = /^([^+]+)\+([\da-f]{8})\+(.+)$/s.exec(text) ?? [];
  if (text.length > MAX_KEY_TEXT || !isKeyName(name))
    throw proofError('BAD_KEY', 'a key is written as <name>+<8 hex digits>+<base64>');
  const bytes = fromBase64(encoded, 'BAD_KEY', `the key of ${name}`);
  if (bytes[0] !== ED25519 || bytes.length !== 1 + KEY_BYTES)
    throw proofError('BAD_KEY', `the key of ${name} is no Ed25519 key`);
  return { name, id, key: bytes.subarray(1) };
}

const typed = (key: Uint8Array): Buffer => Buffer.concat([Buffer.of(ED25519), key]);

function verifierOf(name: string, key: Uint8Array): VerifierKey {
  const x = Buffer.from(key).toString('base64url');
  const publicKey = createPublicKey({ format: 'jwk', key: { kty: 'OKP', crv: 'Ed25519', x } });
  const named = createHash('sha256').update(`${name}\n`).update(typed(key)).digest();
  const id = named.subarray(0, ID_BYTES).toString('hex');
  return {
    name,
    id,
    text: `${name}+${id}+${typed(key).toString('base64')}`,
    verify: (text, signature) => verify(null, Buffer.from(text), publicKey, signature),
  };
}

function signerOf(name: string, seed: Uint8Array): SignerKey {
  if (!isKeyName(name)) throw proofError('BAD_KEY', 'the name of a key has no spaces and no plus');
  const privateKey = createPrivateKey({ key: Buffer.concat([PKCS8, seed]), format: 'der', type: 'pkcs8' });
  const verifier = verifierOf(name, publicBytes(privateKey));
  return { name, id: verifier.id, verifier, sign: (text) => sign(null, Buffer.from(text), privateKey) };
}

function publicBytes(privateKey: KeyObject): Buffer {
  const { x = '' } = createPublicKey(privateKey).export({ format: 'jwk' });
  return Buffer.from(x, 'base64url');
}
