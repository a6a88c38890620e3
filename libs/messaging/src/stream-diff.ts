import type { StreamConfig } from '@nats-io/jetstream';
import { BUCKETS } from '@sluice/contracts';

import type { StreamSpec } from './stream-specs.js';

/** How a stream that exists differs from what it must be like. */
export type StreamDiff =
  | { readonly kind: 'same' }
  | { readonly kind: 'update'; readonly fields: readonly string[] }
  | { readonly kind: 'refuse'; readonly fields: readonly string[] };

type Field = keyof StreamSpec;

// Changing one of these would lose stored messages, or the server cannot do it.
const FIXED: ReadonlySet<string> = new Set(['name', 'retention', 'storage']);
const CAPS: ReadonlySet<string> = new Set(['max_age', 'max_msgs', 'max_bytes', 'max_msgs_per_subject', 'max_msg_size']);
// What it holds is said anew all the time: an age that is shorter than before loses nothing.
const FLEETING = `KV_${BUCKETS.leases}`;
// Once set, the server keeps these two.
const ONE_WAY: ReadonlySet<string> = new Set(['deny_delete', 'deny_purge']);

/** Compares the fields of `spec` and no others, so metadata and defaults that a server adds never count. Pure. */
export function diffStream(spec: StreamSpec, actual: Partial<StreamConfig>): StreamDiff {
  const fields = Object.keys(spec).filter((key): key is Field => !equal(spec[key as Field], actual[key as Field]));
  if (fields.length === 0) return { kind: 'same' };
  const refused = fields.filter((field) => !isSafe(spec, field, actual[field]));
  return refused.length > 0 ? { kind: 'refuse', fields: refused } : { kind: 'update', fields };
}

function isSafe(spec: StreamSpec, field: Field, found: unknown): boolean {
  const wanted = spec[field];
  if (FIXED.has(field)) return false;
  if (field === 'max_age' && spec.name === FLEETING) return true;
  if (CAPS.has(field)) return capOf(wanted) >= capOf(found);
  if (ONE_WAY.has(field)) return wanted === true;
  if (field === 'subjects') return contains(wanted, found);
  return true;
}

/** 0, -1 and nothing mean: no cap. */
const capOf = (value: unknown): number => (typeof value === 'number' && value > 0 ? value : Number.POSITIVE_INFINITY);

function contains(wanted: unknown, found: unknown): boolean {
  if (!Array.isArray(wanted)) return false;
  return !Array.isArray(found) || found.every((subject) => wanted.includes(subject));
}

function equal(wanted: unknown, found: unknown): boolean {
  if (Array.isArray(wanted)) return contains(wanted, found) && contains(found, wanted);
  if (wanted === false || wanted === 0) return found === undefined || found === -1 || found === wanted;
  return wanted === found;
}
