import { isDeepStrictEqual } from 'node:util';

import { encodeToken, type Fault, type RequestTemplate, TEMPLATE_SCHEMA } from '@sluice/contracts';
import { isSluiceError } from '@sluice/kernel';

import { compiled } from '../schema/compiled.js';
import { schemaFaults } from './definition.js';
import { templateKey } from './keys.js';
import { type AnyRecord, isStale, type Origin, type TemplateRecord } from './records.js';

const templateSchema = compiled<RequestTemplate>(TEMPLATE_SCHEMA);

const MAX_TEMPLATES = 1_000;
/** As JSON: a thousand of them stay in memory and in the bucket. */
const MAX_TEMPLATE_BYTES = 64 * 1024;

export type ReadTemplate =
  { readonly ok: true; readonly fields: RequestTemplate } | { readonly ok: false; readonly faults: readonly Fault[] };

/** One template, as a command brings it. Its values are judged with each request that uses it, which knows the group. */
export function readTemplate(name: string, document: unknown, path: string): ReadTemplate {
  const named = nameFaults(name);
  if (named.length > 0) return { ok: false, faults: named };
  const isTemplate = templateSchema();
  if (!isTemplate(document)) return { ok: false, faults: schemaFaults(isTemplate, path).faults };
  return Buffer.byteLength(JSON.stringify(document)) > MAX_TEMPLATE_BYTES
    ? { ok: false, faults: [{ path, code: 'TOO_LARGE', message: 'has more than 64 KiB as JSON' }] }
    : { ok: true, fields: document };
}

/** The schema counts characters, a name's bound is in bytes. */
export function nameFaults(name: string): readonly Fault[] {
  try {
    encodeToken(name);
    return [];
  } catch (error) {
    if (!isSluiceError(error, 'BAD_NAME')) throw error;
    return [{ path: '/target', code: error.code, message: error.message }];
  }
}

/** Named plan templates (XIM-04), the newest definition of each. */
export class TemplateStore {
  readonly #templates = new Map<string, TemplateRecord>();

  constructor(private readonly onChange: (change: { key: string; record: AnyRecord | undefined }) => void) {}

  fields(): ReadonlyMap<string, RequestTemplate> {
    return new Map([...this.#templates].map(([name, { entry }]) => [name, entry.fields]));
  }

  version(name: string): number {
    return this.#templates.get(name)?.version ?? 0;
  }

  /** It is there, and says exactly that. */
  says(name: string, fields: RequestTemplate): boolean {
    return isDeepStrictEqual(this.#templates.get(name)?.entry.fields, fields);
  }

  hasRoomFor(name: string): boolean {
    return this.#templates.has(name) || this.#templates.size < MAX_TEMPLATES;
  }

  /** False: there are too many already, or what is stored is newer. */
  put(name: string, fields: RequestTemplate, origin: Origin): boolean {
    if (isStale(this.#templates.get(name), origin) || !this.hasRoomFor(name)) return false;
    const record: TemplateRecord = { v: 1, ...origin, entry: { name, fields } };
    this.#templates.set(name, record);
    this.onChange({ key: templateKey(name), record });
    return true;
  }

  remove(name: string): boolean {
    if (!this.#templates.delete(name)) return false;
    this.onChange({ key: templateKey(name), record: undefined });
    return true;
  }

  /** As another planner stored it. */
  adopt(name: string, record: TemplateRecord | undefined): void {
    const known = this.#templates.get(name);
    if (record === undefined) this.#templates.delete(name);
    else if (known === undefined || record.fetchedAt >= known.fetchedAt) this.#templates.set(name, record);
  }
}
