import { readFile } from 'node:fs/promises';

import type { InventoryDocument, RequestTemplate } from '@sluice/contracts';
import { messageOf, SluiceError } from '@sluice/kernel';
import { parse } from 'yaml';

import { type Definition, readInventory } from './definition.js';

export interface InventoryFile {
  readonly definitions: readonly Definition[];
  /** Name and fields. */
  readonly templates: readonly (readonly [string, RequestTemplate])[];
}

const MAX_FILE_BYTES = 256 * 1024 * 1024;

/**
 * The groups and templates of an inventory file; YAML, of which JSON is a part. Codes INVENTORY_UNREADABLE, INVENTORY_INVALID: its
 * message and `details.faults` list every fault with its path.
 */
export async function readInventoryFile(path: string): Promise<InventoryFile> {
  const document = await parseFile(path);
  const read = readInventory(document);
  const templates = read.ok ? Object.entries((document as InventoryDocument).templates ?? {}) : [];
  if (read.ok) return { definitions: read.definitions, templates };
  const lines = read.faults.map((fault) => `  ${fault.path === '' ? '/' : fault.path}: ${fault.message}`);
  const message = `the inventory file ${path} has faults; nothing of it was taken:\n${lines.join('\n')}`;
  throw new SluiceError('INVENTORY_INVALID', message, { faults: read.faults });
}

async function parseFile(path: string): Promise<unknown> {
  try {
    const bytes = await readFile(path);
    if (bytes.length > MAX_FILE_BYTES)
      throw new Error(`it has ${bytes.length} bytes, at most ${MAX_FILE_BYTES} are read`);
    return parse(bytes.toString('utf8'), { maxAliasCount: 1_000 }) as unknown;
  } catch (cause) {
    const message = `the inventory file ${path} cannot be read: ${messageOf(cause)}`;
    throw new SluiceError('INVENTORY_UNREADABLE', message, { path }, { cause });
  }
}
