import { type Actor, type Clock, parseDuration } from '@sluice/kernel';

import { parseActor } from '../http/headers.js';
import { parseGrants } from './grants.js';
import { type NewToken, type TokenView, viewOf } from './token.js';
import type { TokenStore } from './token-store.js';
import type { KnownTokens } from './token-view.js';

/** A new token with its text. */
export interface NewTokenView extends TokenView {
  readonly token: string;
}

/** A token as people ask for it. */
export interface TokenWish {
  /** `user:ana` */
  readonly subject: string;
  /** `operator`, `operator:web,db` */
  readonly roles: readonly string[];
  /** `30d` */
  readonly expiresIn?: string | undefined;
  readonly note?: string | undefined;
}

/** Codes BAD_ACTOR, BAD_ROLE, BAD_NAME, BAD_DURATION. */
export function newToken(wish: TokenWish, createdBy: Actor, now: number): NewToken {
  const { subject, roles, expiresIn, note } = wish;
  return {
    subject: parseActor(subject, 'subject'),
    grants: parseGrants(roles),
    expiresAt: expiresIn === undefined ? null : now + parseDuration(expiresIn),
    createdBy,
    ...(note === undefined ? {} : { note }),
  };
}

/** Tokens over HTTP. What was made or taken back here counts here at once, wherever the bucket's watch is. */
export class Tokens {
  constructor(
    private readonly store: TokenStore,
    private readonly known: KnownTokens,
    private readonly clock: Clock,
  ) {}

  async create(wish: TokenWish, by: Actor): Promise<NewTokenView> {
    const { token, record } = await this.store.create(newToken(wish, by, this.clock.now()));
    this.known.put(record.id, record);
    return { ...viewOf(record), token };
  }

  list(after: string | undefined, limit: number): ReturnType<KnownTokens['list']> {
    return this.known.list(after, limit);
  }

  async revoke(id: string, by: Actor): Promise<TokenView> {
    const record = await this.store.revoke(id, by);
    this.known.put(record.id, record);
    return viewOf(record);
  }
}
