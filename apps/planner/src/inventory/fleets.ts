import { encodeToken, type Fault, type GroupDocument, type GroupFleet } from '@sluice/contracts';
import { isSluiceError } from '@sluice/kernel';

/** The fleet of a group with its default filled in. */
export const fleetOf = ({ name, fleet }: GroupDocument): { readonly fleet?: GroupFleet } =>
  fleet === undefined ? {} : { fleet: { name: fleet.name ?? name } };

/** What a schema cannot say of a group that is a fleet. */
export function fleetFaults({ fleet, members, balancer, sides }: GroupDocument, path: string): readonly Fault[] {
  if (fleet === undefined) return [];
  const add = (where: string, code: string, message: string): Fault => ({ path: `${path}/${where}`, code, message });
  return [
    ...((members ?? []).length === 0
      ? []
      : [add('members', 'FLEET_MEMBERS', 'a fleet has none: its hosts join by asking for their desired state')]),
    ...(balancer === undefined
      ? []
      : [
          add(
            'balancer',
            'FLEET_BALANCER',
            'is for the hosts of a group: nobody takes those of a fleet out of service',
          ),
        ]),
    ...(sides === undefined
      ? []
      : [add('sides', 'FLEET_SIDES', 'a group is a fleet or has sides: make it two groups')]),
    ...nameFaults(`${path}/fleet/name`, fleet.name),
  ];
}

/** The schema counts characters, a name's bound is in bytes. */
function nameFaults(path: string, name: string | undefined): readonly Fault[] {
  if (name === undefined) return [];
  try {
    encodeToken(name);
    return [];
  } catch (error) {
    if (!isSluiceError(error, 'BAD_NAME')) throw error;
    return [{ path, code: error.code, message: error.message }];
  }
}
