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
  /**
   * The names that could be read, whatever else is wrong: whom a refusal is told to. Without an app when the subject
   * names another one, so that who may publish for one app cannot fill the channel of another.
   */
  readonly about: About;
  /** The group as a name that may be looked up; undefined when the request has none that is readable. */
  readonly group: string | undefined;
  readonly fields: Partial<DeployRequest>;
  readonly faults: readonly Fault[];
}

export interface About {
  readonly app?: string;
  readonly group?: string;
}

export function readRequest(bytes: Uint8Array, subjectApp?: string): ReadRequest {
  const read = readDocument(bytes);
  return read.ok ? readFields(read, subjectApp) : unreadable(read.hash, read.faults);
}

/** `about` of a request that makes something fail, perhaps this too. */
export function aboutAnyway(bytes: Uint8Array): About {
  try {
    return readRequest(bytes).about;
  } catch {
    return {};
  }
}

function unreadable(hash: string, faults: readonly Fault[]): ReadRequest {
  const streamId = refusalIdOf(hash);
  return { requestId: hash, documentHash: hash, streamId, about: {}, group: undefined, fields: {}, faults };
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
    about: { ...(app === undefined ? {} : { app }), ...(group === undefined ? {} : { group }) },
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
