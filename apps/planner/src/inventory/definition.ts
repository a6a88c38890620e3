import {
  encodeToken,
  type Fault,
  type GroupDocument,
  type GroupEntry,
  INVENTORY_GROUP_SCHEMA,
  INVENTORY_SCHEMA,
  type InventoryDocument,
  type MemberDocument,
} from '@sluice/contracts';
import { isSluiceError, parseDuration } from '@sluice/kernel';
import type { ValidateFunction } from 'ajv/dist/2020.js';

import { compiled, faultOf } from '../schema/compiled.js';
import { fleetFaults, fleetOf } from './fleets.js';
import { sidesFaults, sidesOf } from './sides.js';

/** A member as its file or the API defines it. */
export interface DefinedMember {
  readonly host: string;
  readonly site?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly down?: boolean;
}

/** A group and its members, read and checked. */
export interface Definition {
  readonly group: GroupEntry;
  readonly members: readonly DefinedMember[];
  readonly version: number | undefined;
  /** Of the answer of a CMDB. */
  readonly etag?: string;
}

export type ReadDefinitions =
  | { readonly ok: true; readonly definitions: readonly Definition[] }
  | { readonly ok: false; readonly faults: readonly Fault[] };

const MAX_GROUP_BYTES = 64 * 1024;
const MAX_LISTED = 100;

const inventorySchema = compiled<InventoryDocument>(INVENTORY_SCHEMA);
const groupSchema = compiled<GroupDocument>(INVENTORY_GROUP_SCHEMA);

/** The groups of an inventory file, or all its faults with their paths. */
export function readInventory(document: unknown): ReadDefinitions {
  const isInventory = inventorySchema();
  if (!isInventory(document)) return schemaFaults(isInventory, '');
  const faults = duplicates(
    document.groups.map(({ name }) => name),
    (i) => `/groups/${i}/name`,
  );
  return readGroups(document.groups, (i) => `/groups/${i}`, faults);
}

/** One group, as a command brings it. */
export function readGroup(document: unknown, path: string): ReadDefinitions {
  const isGroup = groupSchema();
  if (!isGroup(document)) return schemaFaults(isGroup, path);
  return readGroups([document], () => path, []);
}

function readGroups(
  groups: readonly GroupDocument[],
  pathOf: (i: number) => string,
  before: readonly Fault[],
): ReadDefinitions {
  const faults = [...before];
  const definitions = groups.map((group, i) => definitionOf(group, pathOf(i), faults));
  return faults.length > 0 ? { ok: false, faults: faults.slice(0, MAX_LISTED) } : { ok: true, definitions };
}

function definitionOf(document: GroupDocument, path: string, faults: Fault[]): Definition {
  const members = (document.members ?? []).map(memberOf);
  faults.push(
    ...duplicates(
      members.map(({ host }) => host),
      (i) => `${path}/members/${i}`,
    ),
  );
  faults.push(...longNames([document.name, document.app, ...members.map(({ host }) => host)], path));
  faults.push(...sidesFaults(document, path), ...fleetFaults(document, path));
  const ms = (field: string, text: string | undefined): number | undefined =>
    durationOf(text, `${path}/${field}`, faults);
  const { name, app, environment, version } = document;
  const verify = verifyOf(
    document,
    ms('verify/interval', document.verify?.interval),
    ms('startTimeout', document.startTimeout),
  );
  const drainWindowMs = ms('drainWindow', document.drainWindow);
  const group: GroupEntry = {
    name,
    app,
    environment,
    ...howToOf(document),
    ...fleetOf(document),
    ...(verify === undefined ? {} : { verify }),
    ...(drainWindowMs === undefined ? {} : { drainWindowMs }),
  };
  if (JSON.stringify(group).length > MAX_GROUP_BYTES) {
    faults.push({
      path,
      code: 'TOO_LARGE',
      message: `a group may have ${MAX_GROUP_BYTES} characters without its members: shorten its profiles`,
    });
  }
  return { group, members, version };
}

/** What is taken as it is said. */
const howToOf = ({
  profile,
  profiles,
  selector,
  balancer,
  sides,
}: GroupDocument): Pick<GroupEntry, 'profile' | 'profiles' | 'selector' | 'balancer' | 'sides'> => ({
  ...(profile === undefined ? {} : { profile }),
  ...(profiles === undefined ? {} : { profiles }),
  ...(selector === undefined ? {} : { selector }),
  ...(balancer === undefined ? {} : { balancer }),
  ...(sides === undefined ? {} : { sides: sidesOf(sides) }),
});

const memberOf = (document: MemberDocument): DefinedMember =>
  typeof document === 'string' ? { host: document } : document;

function verifyOf(
  document: GroupDocument,
  intervalMs: number | undefined,
  timeoutMs: number | undefined,
): GroupEntry['verify'] {
  const { interval: _, ...rest } = document.verify ?? {};
  const verify = {
    ...rest,
    ...(intervalMs === undefined ? {} : { intervalMs }),
    ...(timeoutMs === undefined ? {} : { timeoutMs }),
  };
  return Object.keys(verify).length === 0 ? undefined : verify;
}

function durationOf(text: string | undefined, path: string, faults: Fault[]): number | undefined {
  if (text === undefined) return undefined;
  try {
    return parseDuration(text);
  } catch (error) {
    if (!isSluiceError(error, 'BAD_DURATION')) throw error;
    faults.push({ path, code: error.code, message: error.message });
    return undefined;
  }
}

function duplicates(names: readonly string[], pathOf: (i: number) => string): readonly Fault[] {
  const seen = new Set<string>();
  return names.flatMap((name, i): Fault[] => {
    const repeated = seen.has(name);
    seen.add(name);
    return repeated
      ? [{ path: pathOf(i), code: 'DUPLICATE', message: `"${name}" stands there twice: remove one` }]
      : [];
  });
}

/** The schema counts characters, a name's bound is in bytes. */
function longNames(names: readonly string[], path: string): readonly Fault[] {
  return names.flatMap((name): Fault[] => {
    try {
      encodeToken(name);
      return [];
    } catch (error) {
      if (!isSluiceError(error, 'BAD_NAME')) throw error;
      return [{ path, code: error.code, message: `"${name.slice(0, 40)}": ${error.message}` }];
    }
  });
}

export function schemaFaults(
  validate: ValidateFunction,
  base: string,
): Extract<ReadDefinitions, { readonly ok: false }> {
  const faults = (validate.errors ?? []).filter(({ keyword }) => keyword !== 'oneOf' && keyword !== 'anyOf');
  return { ok: false, faults: faults.slice(0, MAX_LISTED).map((error) => faultOf(error, base)) };
}
