import { canonicalJson, type DeployRequest, type Fault, refusalIdOf, rolloutIdOf } from '@sluice/contracts';

import { type ReadDocument, readDocument } from './document.js';
import { type Fields, meaningFaults } from './meaning.js';
import { isPlainObject } from './rules.js';
import { shapeFaults } from './shape.js';

/**
 * A request as it was understood. `fields` are those of its fields that have no fault of form, so that the planner can
 * go on and find what else is wrong. `streamId` names the rollout that answers it, or where its refusal is kept.
 */
export interface ReadRequest {
  readonly requestId: string;
  readonly documentHash: string;
  readonly streamId: string;
  /** The group as a name that may be looked up; undefined when the request has none that is readable. */
  readonly group: string | undefined;
  readonly fields: Partial<DeployRequest>;
  readonly faults: readonly Fault[];
}

export function readRequest(bytes: Uint8Array, subjectApp?: string): ReadRequest {
  const read = readDocument(bytes);
  return read.ok ? readFields(read, subjectApp) : unreadable(read.hash, read.faults);
}

function unreadable(hash: string, faults: readonly Fault[]): ReadRequest {
  return { requestId: hash, documentHash: hash, streamId: refusalIdOf(hash), group: undefined, fields: {}, faults };
}

function readFields(
  { document, hash }: Extract<ReadDocument, { ok: true }>,
  subjectApp: string | undefined,
): ReadRequest {
  const shape = shapeFaults(document);
  if (!isPlainObject(document)) return unreadable(hash, shape);
  const sound = soundFields(document as Fields, shape);
  const meaning = meaningFaults(sound, subjectApp);
  const fields = soundFields(sound, meaning) as Partial<DeployRequest>;
  const { id, app, group } = fields;
  return {
    requestId: id ?? hash,
    documentHash: hash,
    streamId: app === undefined || group === undefined ? refusalIdOf(hash) : rolloutIdFor(app, group, id ?? { hash }),
    group,
    fields,
    faults: [...shape, ...meaning],
  };
}

/**
 * The identity of a request is its app, its group and its id; without an id, its whole content. An id that looks like
 * a hash is still an id.
 */
function rolloutIdFor(app: string, group: string, id: string | { readonly hash: string }): string {
  return rolloutIdOf(group, canonicalJson({ app, group, id }));
}

function soundFields(fields: Fields, faults: readonly Fault[]): Fields {
  const faulty = new Set(faults.map(({ path }) => path.split('/')[1] ?? ''));
  return Object.fromEntries(Object.entries(fields).filter(([name]) => !faulty.has(name)));
}
