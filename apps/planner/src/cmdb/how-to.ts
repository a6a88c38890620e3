import type { GroupEntry } from '@sluice/contracts';

import type { Definition } from '../inventory/definition.js';

/**
 * A CMDB knows apps, groups and hosts, but seldom how to install: of what it does not say, the file's or a person's
 * word stays (profiles, verify, the drain window, the selector, the sides, the fleet). A group with sides, or a fleet, has no hosts of its own,
 * whoever tells of some.
 */
export function keptHowTo(known: GroupEntry | undefined, definition: Definition): Definition {
  const group = { ...known, ...definition.group };
  return {
    ...definition,
    group,
    members: group.sides === undefined && group.fleet === undefined ? definition.members : [],
  };
}
