import type {
  ArtifactRef,
  DeployRequest,
  GroupEntry,
  GroupSides,
  PlanSideService,
  PlanTraffic,
} from '@sluice/contracts';

import type { FaultList } from './faults.js';

/** `capacity` of a group whose sides are groups of hosts. */
export const AGENTS = 'agents';

/** The live side, and the dark one that it shifts to (SWB-01). Sides that were renamed since begin anew. */
export function sidesOf({ names }: GroupSides, live: string | undefined): Pick<PlanTraffic, 'oldSide' | 'newSide'> {
  const [first, second] = names;
  return live === second ? { oldSide: second, newSide: first } : { oldSide: first, newSide: second };
}

export interface ServicesInput {
  readonly request: DeployRequest;
  readonly sides: GroupSides;
  readonly newSide: string;
  /** By name, those that are defined. */
  readonly groups: ReadonlyMap<string, GroupEntry>;
}

/**
 * The services that move together (SWB-16). Codes: SIDE_GROUP_UNKNOWN, SIDE_GROUP_NESTED, SERVICE_UNKNOWN.
 */
export function servicesOf(list: FaultList, input: ServicesInput): readonly PlanSideService[] {
  const { sides, newSide, groups, request } = input;
  const artifacts = new Map(Object.entries(request.traffic?.artifacts ?? {}));
  for (const name of artifacts.keys()) refuseUnknownService(list, name, sides);
  return sides.services.map((service): PlanSideService => {
    if (sides.capacity === AGENTS) refuseMissingGroups(list, service, groups);
    const app = groups.get(service.groups?.[newSide] ?? '')?.app;
    const artifact = artifacts.get(service.name);
    return {
      name: service.name,
      ...(service.groups === undefined ? {} : { groups: service.groups }),
      ...(app === undefined ? {} : { app }),
      ...(artifact === undefined ? {} : { artifact: plain(artifact) }),
    };
  });
}

const plain = ({ url, sha256, sources }: ArtifactRef): ArtifactRef => ({
  url,
  sha256,
  ...(sources === undefined ? {} : { sources }),
});

function refuseUnknownService(list: FaultList, name: string, { services }: GroupSides): void {
  if (services.some((service) => service.name === name)) return;
  const known = services.slice(0, 10).map((service) => service.name);
  const message = `the group has no service "${name}": it has ${known.join(', ')}${services.length > 10 ? ', ...' : ''}`;
  list.add('/traffic/artifacts', 'SERVICE_UNKNOWN', message);
}

function refuseMissingGroups(
  list: FaultList,
  { name, groups = {} }: GroupSides['services'][number],
  known: ServicesInput['groups'],
): void {
  for (const [side, group] of Object.entries(groups)) {
    const whose = `the group "${group}" of the service "${name}" on the side "${side}"`;
    const entry = known.get(group);
    if (entry === undefined)
      list.add('/group', 'SIDE_GROUP_UNKNOWN', `nobody has defined ${whose}: add it to the inventory first`);
    else if (entry.sides !== undefined)
      list.add('/group', 'SIDE_GROUP_NESTED', `${whose} has sides itself: name a group of hosts there`);
  }
}
