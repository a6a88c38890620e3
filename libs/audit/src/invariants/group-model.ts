import type { GroupEvent } from '@sluice/contracts';

import type { Complain } from './admissions.js';

/** A group as an outsider reads it. */
export interface GroupModel {
  active: string | undefined;
  token: number;
  /** Host -> since when, ms since the epoch. */
  readonly excluded: Map<string, number>;
  readonly blocked: Set<string>;
}

export const newGroup = (): GroupModel => ({ active: undefined, token: 0, excluded: new Map(), blocked: new Set() });

/** I2: one lease, and a token that strictly grows. */
export function applyGroup(group: GroupModel, event: GroupEvent, at: number, complain: Complain): void {
  switch (event.type) {
    case 'LeaseGranted':
      if (group.active !== undefined)
        complain('I2', `${event.rolloutId} was granted the lease that ${group.active} holds`);
      if (event.token <= group.token) complain('I2', `the token ${event.token} is not above ${group.token}`);
      group.active = event.rolloutId;
      group.token = event.token;
      break;
    case 'LeaseReleased':
      if (group.active !== event.rolloutId)
        complain('I2', `${event.rolloutId} released a lease that ${group.active} holds`);
      group.active = undefined;
      break;
    case 'HostExcluded':
      group.excluded.set(event.host, at);
      break;
    case 'HostIncluded':
      group.excluded.delete(event.host);
      break;
    case 'VersionBlocked':
      group.blocked.add(event.version);
      break;
    case 'VersionUnblocked':
      group.blocked.delete(event.version);
      break;
    default:
      break;
  }
}
