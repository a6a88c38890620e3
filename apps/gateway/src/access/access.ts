import { type Clock, LOCAL } from '@sluice/kernel';

import { type Exchange, headerOf } from '../http/exchange.js';
import { type ProblemError, refuse } from '../problems/problem.js';
import { grantsInWords, missing, type Principal } from './principal.js';
import { checkToken, isPast, type TokenRecord } from './token.js';
import type { KnownTokens } from './token-view.js';

export interface AccessParts {
  readonly tokens: KnownTokens;
  readonly clock: Clock;
  /** `sluice up` on loopback: while no token was ever made, whoever reaches the port may do everything. */
  readonly openLocally: boolean;
}

const LOCAL_PRINCIPAL: Omit<Principal, 'key'> = {
  actor: LOCAL,
  grants: [{ role: 'admin', groups: '*' }],
  mayActForOthers: true,
  isValid: () => true,
};

/** Who calls, and whether they may (design 9). */
export class Access {
  private last: { readonly address: string; readonly principal: Principal } | undefined;

  constructor(private readonly parts: AccessParts) {}

  /** Codes: NOT_READY, UNAUTHENTICATED, TOKEN_EXPIRED, TOKEN_REVOKED, FOREIGN_ORIGIN. None of them holds the token. */
  identify(request: Exchange, address: string): Principal {
    const { tokens, openLocally } = this.parts;
    if (!tokens.isSynced) throw refuse('NOT_READY', 'which tokens there are is not known yet: try again in a moment');
    if (openLocally && tokens.size === 0) return this.localAt(address, request);
    return this.principalOf(bearerOf(request));
  }

  /** Code FORBIDDEN, with what the operation needs and what the caller has. */
  check(principal: Principal, operation: string, group: string | undefined): void {
    const lacking = missing(principal, operation, group);
    if (lacking === undefined) return;
    const needs = lacking.roles.join(' or ') || 'a permission that nobody has';
    const place = lacking.scope === 'all' ? ' for all groups' : group === undefined ? '' : ` in group ${group}`;
    const has = grantsInWords(principal.grants);
    const { kind, id } = principal.actor;
    throw refuse('FORBIDDEN', `${operation} needs the role ${needs}${place}; ${kind}:${id} has ${has}`, {
      details: { operation, roles: lacking.roles, ...(group === undefined ? {} : { group }) },
    });
  }

  /** A host asks all day, from where it asked before. */
  private localAt(address: string, request: Exchange): Principal {
    const local = localOf(request);
    if (this.last?.address !== address) this.last = { address, principal: { ...local, key: `address ${address}` } };
    return this.last.principal;
  }

  private principalOf(text: string): Principal {
    const { tokens, clock } = this.parts;
    const checked = checkToken(text, (id) => tokens.find(id), clock.now());
    switch (checked.kind) {
      case 'unknown':
        throw unauthenticated('UNAUTHENTICATED', 'this token is none of ours');
      case 'expired':
        throw unauthenticated('TOKEN_EXPIRED', `token ${checked.record.id} is past its time`);
      case 'revoked':
        throw unauthenticated('TOKEN_REVOKED', `token ${checked.record.id} was taken back`);
      case 'valid':
        return this.ofRecord(checked.record);
    }
  }

  private ofRecord({ id, subject, grants }: TokenRecord): Principal {
    const { tokens, clock } = this.parts;
    const administersAll = grants.some(({ role, groups }) => role === 'admin' && groups === '*');
    return {
      actor: subject,
      grants,
      key: `token ${id}`,
      mayActForOthers: subject.kind === 'service' && administersAll,
      isValid: () => {
        const now = tokens.find(id);
        return now !== undefined && now.revokedAt === null && !isPast(now, clock.now());
      },
    };
  }
}

/** A page of another site that a browser was led to may not use the open door of this machine. */
function localOf(request: Exchange): Omit<Principal, 'key'> {
  const origin = headerOf(request, 'origin');
  if (origin !== undefined && !isLoopback(origin)) {
    throw refuse('FOREIGN_ORIGIN', 'without tokens only pages of this machine may call: make a token first');
  }
  return LOCAL_PRINCIPAL;
}

const isLoopback = (origin: string): boolean =>
  URL.canParse(origin) && ['127.0.0.1', 'localhost', '[::1]'].includes(new URL(origin).hostname);

function bearerOf(request: Exchange): string {
  const text = headerOf(request, 'authorization');
  if (text === undefined) throw unauthenticated('UNAUTHENTICATED', 'a token is needed');
  const token = /^Bearer ([\x21-\x7e]{1,200})$/i.exec(text)?.[1];
  if (token === undefined) throw unauthenticated('UNAUTHENTICATED', 'the header Authorization holds no bearer token');
  return token;
}

const unauthenticated = (code: string, what: string): ProblemError =>
  refuse(
    code,
    `${what}: send \`Authorization: Bearer ...\` (sluice --token, SLUICE_TOKEN); \`sluice token create\` makes one`,
    {
      status: 401,
    },
  );
