import type { Fault, GroupEntry } from '@sluice/contracts';

import { faultList } from './faults.js';
import type { PlanInput } from './plan-input.js';

export const unknownGroup = (group: string): Fault => ({
  path: '/group',
  code: 'GROUP_UNKNOWN',
  message: `nobody has defined the group "${group}": add it to the inventory first`,
});

/** What keeps a version or an app out of a group. */
export function groupFaults(input: PlanInput, group: GroupEntry): Fault[] {
  const { request } = input;
  const list = faultList();
  if (group.app !== request.app) {
    list.add(
      '/app',
      'APP_MISMATCH',
      `the group "${group.name}" is of the app "${group.app}": name that app, or another group`,
    );
  }
  const why = input.blocked.get(request.version);
  if (why !== undefined) {
    const reason = why === '' ? '' : ` (${why})`;
    list.add(
      '/version',
      'VERSION_BLOCKED',
      `${request.version} is blocked for this group${reason}: unblock it or deploy another version`,
    );
  }
  return [...list.faults];
}
