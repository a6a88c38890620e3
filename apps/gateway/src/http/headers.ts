import type { Actor, ActorKind } from '@sluice/kernel';

import { refuse } from '../problems/problem.js';
import { type Exchange, headerOf } from './exchange.js';

export const ACTOR_HEADER = 'x-sluice-actor';
export const KEY_HEADER = 'idempotency-key';

const KINDS: readonly string[] = ['user', 'service', 'agent', 'policy'] satisfies readonly ActorKind[];
const isKind = (text: string): text is ActorKind => KINDS.includes(text);

const LOCAL: Actor = { id: 'local', kind: 'user' };

/** Who says so: `X-Sluice-Actor: user:ana`, a machine as `service:scheduler` (XIM-02). Code BAD_ACTOR. */
export function actorOf(request: Exchange): Actor {
  return namedActor(request) ?? LOCAL;
}

/** The actor of the header; undefined when there is none. */
export function namedActor(request: Exchange): Actor | undefined {
  const text = headerOf(request, ACTOR_HEADER);
  if (text === undefined) return undefined;
  const colon = text.indexOf(':');
  const [kind, id] = [text.slice(0, colon), text.slice(colon + 1)];
  if (colon < 1 || !isKind(kind) || id === '' || Buffer.byteLength(id) > 200) {
    throw refuse('BAD_ACTOR', 'X-Sluice-Actor must be kind:id, such as user:ana or service:scheduler', { status: 400 });
  }
  return { id, kind };
}

/** The command's idempotency key: the header's, or one that the caller makes. Code BAD_IDEMPOTENCY_KEY. */
export function idempotencyKey(request: Exchange, newId: () => string): string {
  const text = headerOf(request, KEY_HEADER);
  if (text === undefined) return newId();
  if (!/^[\x21-\x7e]{1,128}$/.test(text)) {
    throw refuse('BAD_IDEMPOTENCY_KEY', 'Idempotency-Key must have 1 to 128 visible ASCII characters', { status: 400 });
  }
  return text;
}

/** The rev of `If-Match: "12"`; undefined without the header or with `*`. Code BAD_IF_MATCH. */
export function expectedRevOf(request: Exchange): number | undefined {
  const text = headerOf(request, 'if-match');
  if (text === undefined || text.trim() === '*') return undefined;
  const rev = /^\s*"?(\d{1,7})"?\s*$/.exec(text)?.[1];
  if (rev === undefined) {
    throw refuse('BAD_IF_MATCH', 'If-Match must be the ETag of the rollout as it was read, such as "12"', {
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
