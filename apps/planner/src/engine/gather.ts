import type { DeployRequest, Fault, GroupEntry } from '@sluice/contracts';
import type { PlanInput } from '@sluice/planning';

import type { ReadRequest } from '../request/request.js';
import { freshnessOf, missedFaults, refresh } from './freshness.js';
import { LogVariables } from './known-variable.js';
import type { GroupFacts, PlannerDeps } from './ports.js';

export interface Gathered {
  readonly input: PlanInput;
  readonly missed: readonly Fault[];
  readonly facts?: GroupFacts;
}

const NO_FACTS = { exclusions: new Map<string, string>(), blocked: new Map<string, string>() } as const;

/**
 * All that a plan is made of. A request with faults of form is planned too, with the fields that are sound, so that one
 * answer lists everything that is wrong with it. What comes of it is thrown away, but for the faults.
 */
export async function gather(request: ReadRequest, deps: PlannerDeps): Promise<Gathered> {
  const { group } = request;
  const base = {
    request: request.fields as DeployRequest,
    requestId: request.requestId,
    documentHash: request.documentHash,
    rolloutId: request.streamId,
  };
  if (group === undefined) return { input: { ...base, ...NO_FACTS, group: undefined, members: [] }, missed: [] };
  const { inventory, groups } = deps;
  const refreshed = await refresh(group, deps);
  const [entry, members, facts, sharing] = await Promise.all([
    inventory.group(group),
    inventory.members(group),
    groups.factsOf(group),
    inventory.sharing(group),
  ]);
  const { exclusions, blocked } = facts;
  const proven = facts.history.toReversed().filter(({ version }) => !blocked.has(version));
  const input = {
    ...base,
    exclusions,
    blocked,
    proven,
    sharing,
    group: entry?.entry,
    members: members.map((member) => member.entry),
    ...(await ofSides(entry?.entry, facts, deps)),
    ...(await ofRamp(entry?.entry, base.request, deps)),
  };
  if (entry === undefined) return { input, missed: missedFaults(refreshed) };
  return { input: { ...input, freshness: freshnessOf(entry, refreshed, deps) }, missed: [], facts };
}

/** What is known of the sides of a group: the live one, and the groups of their services. */
async function ofSides(
  group: GroupEntry | undefined,
  { history }: GroupFacts,
  deps: PlannerDeps,
): Promise<Pick<PlanInput, 'sideGroups' | 'liveSide'>> {
  if (group?.sides === undefined) return {};
  const names = new Set(group.sides.services.flatMap(({ groups = {} }) => Object.values(groups)));
  const known = await Promise.all([...names].map((name) => entryOf(name, deps)));
  const live = history.findLast(({ side }) => side !== undefined)?.side;
  return {
    sideGroups: new Map(known.flatMap((entry) => (entry === undefined ? [] : [[entry.name, entry]]))),
    ...(live === undefined ? {} : { liveSide: live }),
  };
}

/** What is known of the variable of a ramp. */
async function ofRamp(
  group: GroupEntry | undefined,
  { ramp }: DeployRequest,
  { log, variables = new LogVariables(log) }: PlannerDeps,
): Promise<Pick<PlanInput, 'variable'>> {
  if (group?.fleet === undefined || ramp === undefined) return {};
  const variable = await variables.variable(group.fleet.name, ramp.variable);
  return variable === undefined ? {} : { variable };
}

/** A group that nobody has told of may be one that the CMDB knows. */
async function entryOf(name: string, deps: PlannerDeps): Promise<GroupEntry | undefined> {
  const known = await deps.inventory.group(name);
  if (known !== undefined || deps.cmdb === undefined) return known?.entry;
  await refresh(name, deps);
  return (await deps.inventory.group(name))?.entry;
}
