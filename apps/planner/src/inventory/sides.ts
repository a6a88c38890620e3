import {
  encodeToken,
  type Fault,
  type GroupDocument,
  type GroupSides,
  type GroupSidesDocument,
} from '@sluice/contracts';
import { isSluiceError } from '@sluice/kernel';
import { AGENTS } from '@sluice/planning';

/** Sides with their default filled in. */
export const sidesOf = ({ names, services, capacity = AGENTS, publish }: GroupSidesDocument): GroupSides => ({
  names,
  services,
  capacity,
  ...(publish === undefined ? {} : { publish }),
});

/** What a schema cannot say of a group with sides. */
export function sidesFaults({ name, sides, members, balancer }: GroupDocument, path: string): readonly Fault[] {
  if (sides === undefined) return [];
  const at = `${path}/sides`;
  const faults: Fault[] = [];
  const add = (where: string, code: string, message: string): void => void faults.push({ path: where, code, message });
  if ((members ?? []).length > 0)
    add(`${path}/members`, 'SIDES_MEMBERS', 'a group with sides has none: its services have groups of hosts');
  if (balancer !== undefined)
    add(`${path}/balancer`, 'SIDES_BALANCER', 'is for the hosts of a group: say sides.publish where weights go');
  const seen = new Set<string>();
  const groups = new Set([name]);
  for (const [i, service] of sides.services.entries()) {
    const where = `${at}/services/${i}`;
    if (seen.has(service.name)) add(`${where}/name`, 'DUPLICATE', `"${service.name}" stands there twice: remove one`);
    seen.add(service.name);
    faults.push(...groupsFaults(service, sides, { path: `${where}/groups`, used: groups }));
  }
  return faults;
}

interface Seen {
  readonly path: string;
  /** Groups that have a place already. */
  readonly used: Set<string>;
}

function groupsFaults(
  { groups }: GroupSidesDocument['services'][number],
  { names, capacity = AGENTS }: GroupSidesDocument,
  { path, used }: Seen,
): readonly Fault[] {
  if (groups === undefined) {
    const message = `are missing: the capacity ${AGENTS} wants a group of hosts for ${names.join(' and for ')}`;
    return capacity === AGENTS ? [{ path, code: 'REQUIRED', message }] : [];
  }
  return Object.entries(groups).flatMap(([side, group]): Fault[] => {
    const at = `${path}/${side}`;
    const isTaken = used.has(group);
    used.add(group);
    return [
      ...(names.includes(side)
        ? []
        : [{ path: at, code: 'SIDE_UNKNOWN', message: `is no side: name ${names.join(' and ')}` }]),
      ...(isTaken
        ? [{ path: at, code: 'DUPLICATE', message: `"${group}" has a place already: each group is used once` }]
        : []),
      ...nameFaults(at, group),
    ];
  });
}

/** The schema counts characters, a name's bound is in bytes. */
function nameFaults(path: string, name: string): readonly Fault[] {
  try {
    encodeToken(name);
    return [];
  } catch (error) {
    if (!isSluiceError(error, 'BAD_NAME')) throw error;
    return [{ path, code: error.code, message: error.message }];
  }
}
