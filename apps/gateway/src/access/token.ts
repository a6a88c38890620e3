import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';

import type { Actor } from '@sluice/kernel';

import type { Grant } from './principal.js';

/** What is kept of a token. The secret itself is shown once, when it is made. Times are ms since the epoch. */
export interface TokenRecord {
  readonly v: 1;
  /** ULID; part of the token, so that it is found without looking at the secret. */
  readonly id: string;
  /** Lower-case hex of the secret's SHA-256. 256 bits of chance need no salt and no slow hash. */
  readonly sha256: string;
  readonly subject: Actor;
  readonly grants: readonly Grant[];
  readonly note?: string;
  readonly createdAt: number;
  readonly createdBy: Actor;
  /** Null: it has no end. */
  readonly expiresAt: number | null;
  /** Kept after it was taken back, so that an installation that had tokens never counts as one without. */
  readonly revokedAt: number | null;
  readonly revokedBy?: Actor;
}

/** A token as lists tell it. */
export type TokenView = Omit<TokenRecord, 'v' | 'sha256'>;

export const viewOf = ({ v: _, sha256: __, ...view }: TokenRecord): TokenView => view;

export interface NewToken {
  readonly subject: Actor;
  readonly grants: readonly Grant[];
  readonly note?: string;
  readonly expiresAt: number | null;
  readonly createdBy: Actor;
}

const SECRET_BYTES = 32;
const FORM = /^slc_([0-9A-HJKMNP-TV-Z]{26})_([A-Za-z0-9_-]{43})$/;

/** A new token: its text, which nothing keeps, and its record. */
export function mintToken(
  wanted: NewToken,
  id: string,
  now: number,
): { readonly token: string; readonly record: TokenRecord } {
  const secret = randomBytes(SECRET_BYTES).toString('base64url');
  const record: TokenRecord = { v: 1, id, sha256: hashOf(secret), ...wanted, createdAt: now, revokedAt: null };
  return { token: `slc_${id}_${secret}`, record };
}

const hashOf = (secret: string): string => createHash('sha256').update(secret).digest('hex');

export type Checked =
  | { readonly kind: 'valid'; readonly record: TokenRecord }
  /** Nothing says more to the caller than that: a wrong id and a wrong secret look the same. */
  | { readonly kind: 'unknown' }
  | { readonly kind: 'expired' | 'revoked'; readonly record: TokenRecord };

/** A text that was compared with, so that an unknown id takes as long as a wrong secret. */
const NOBODY = '0'.repeat(64);

export function checkToken(text: string, find: (id: string) => TokenRecord | undefined, now: number): Checked {
  const [, id = '', secret = ''] = FORM.exec(text) ?? [];
  const record = find(id);
  const same = timingSafeEqual(Buffer.from(hashOf(secret), 'hex'), Buffer.from(record?.sha256 ?? NOBODY, 'hex'));
  if (record === undefined || !same) return { kind: 'unknown' };
  if (record.revokedAt !== null) return { kind: 'revoked', record };
  return isPast(record, now) ? { kind: 'expired', record } : { kind: 'valid', record };
}

export const isPast = ({ expiresAt }: TokenRecord, now: number): boolean => expiresAt !== null && expiresAt <= now;
