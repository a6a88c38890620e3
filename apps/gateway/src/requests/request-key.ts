import { sha256 } from '@sluice/contracts';
import type { Actor } from '@sluice/kernel';

import type { Document } from './document.js';

const encoder = new TextEncoder();

/** The id that an Idempotency-Key stands for: the keys of two callers never meet. */
export const keyedId = (key: string, { id, kind }: Actor): string =>
  `key-${sha256(encoder.encode(`${kind}:${id}\n${key}`)).slice(0, 32)}`;

/** The document under its key; one that has an id goes by that. The planner answers the same id with the same rollout. */
export const withKey = (document: Document, key: string | undefined, actor: Actor): Document =>
  key === undefined || document['id'] !== undefined ? document : { ...document, id: keyedId(key, actor) };
