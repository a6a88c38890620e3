import type { Actor, ActorKind } from '@sluice/kernel';

import type { Principal } from '../access/principal.js';
import { refuse } from '../problems/problem.js';
import { type Exchange, headerOf } from './exchange.js';

export const ACTOR_HEADER = 'x-sluice-actor';
export const KEY_HEADER = 'idempotency-key';

const KINDS: readonly string[] = ['user', 'service', 'agent', 'policy'] satisfies readonly ActorKind[];
const isKind = (text: string): text is ActorKind => KINDS.includes(text);

/** Who calls. Code INTERNAL without one: the route was not guarded. */
export function principalOf({ principal }: Exchange): Principal {
  if (principal === undefined) throw refuse('INTERNAL', 'this is a fault of Sluice: nobody asked who calls');
  return principal;
}

/**
 * Who says so: the token's subject. `X-Sluice-Actor: user:ana`, a machine as `service:scheduler` (XIM-02), is believed in
 * local mode and from a service that administers everything, and ignored otherwise. Code BAD_ACTOR.
 */
export function actorOf(request: Exchange): Actor {
  const { mayActForOthers, actor } = principalOf(request);
  return (mayActForOthers ? namedActor(request) : undefined) ?? actor;
}

/** The actor of the header; undefined when there is none. */
function namedActor(request: Exchange): Actor | undefined {
  const text = headerOf(request, ACTOR_HEADER);
  return text === undefined ? undefined : parseActor(text);
}

/** `kind:id`. Code BAD_ACTOR. */
export function parseActor(text: string, what = 'X-Sluice-Actor'): Actor {
  const colon = text.indexOf(':');
  const [kind, id] = [text.slice(0, colon), text.slice(colon + 1)];
  if (colon < 1 || !isKind(kind) || id === '' || Buffer.byteLength(id) > 200) {
    throw refuse('BAD_ACTOR', `${what} must be kind:id, such as user:ana or service:scheduler`, { status: 400 });
  }
  return { id, kind };
}

/** The command's idempotency key: the header's, or one that the caller makes. Code BAD_IDEMPOTENCY_KEY. */
export const idempotencyKey = (request: Exchange, newId: () => string): string => optionalKey(request) ?? newId();

/** The header's idempotency key. Code BAD_IDEMPOTENCY_KEY. */
export function optionalKey(request: Exchange): string | undefined {
  const text = headerOf(request, KEY_HEADER);
  if (text === undefined || /^[\x21-\x7e]{1,128}$/.test(text)) return text;
  throw refuse('BAD_IDEMPOTENCY_KEY', 'Idempotency-Key must have 1 to 128 visible ASCII characters', { status: 400 });
}

/** The rev of `If-Match: "12"`; undefined without the header or with `*`. Code BAD_IF_MATCH. */
export function expectedRevOf(request: Exchange): number | undefined {
  const text = headerOf(request, 'if-match');
  if (text === undefined || text.trim() === '*') return undefined;
  const rev = /^\s*"?(\d{1,15})(?:-[\w-]{1,64})?"?\s*$/.exec(text)?.[1];
  if (rev === undefined) {
    throw refuse('BAD_IF_MATCH', 'If-Match must be the ETag as it was read, such as "12"', {
      status: 400,
    });
  }
  return Number(rev);
}

export const etagOf = (rev: number): string => `"${rev}"`;

/** Last-Event-ID of a resumed stream: the log position of the last commit that was seen. Code BAD_LAST_EVENT_ID. */
export function positionOf(text: string | undefined): number {
  if (text === undefined || text === '') return 0;
  if (!/^\d{1,15}$/.test(text)) {
    throw refuse('BAD_POSITION', 'Last-Event-ID and after must be a log position, a whole number', { status: 400 });
  }
  return Number(text);
}

/** True when the client asks for a live stream rather than for pages. */
export const wantsEventStream = (request: Exchange): boolean =>
  (headerOf(request, 'accept') ?? '').toLowerCase().includes('text/event-stream');
