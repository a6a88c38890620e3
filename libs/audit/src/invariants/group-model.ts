import type { GroupEvent } from '@sluice/contracts';

import type { Complain } from './complain.js';

/** A group as an outsider reads it. */
export interface GroupModel {
  active: string | undefined;
  token: number;
  /** Host -> since when, ms since the epoch. */
  readonly excluded: Map<string, number>;
  readonly blocked: Set<string>;
  /** All its events so far; a reader may begin at a checkpoint, and a part may have been pruned. */
  isKnown: boolean;
}

type Checkpointed = Extract<GroupEvent, { readonly type: 'GroupCheckpointed' }>;

export const newGroup = (): GroupModel => ({
  active: undefined,
  token: 0,
  excluded: new Map(),
  blocked: new Set(),
  isKnown: true,
});

/** What it was is no longer so: what follows was not seen. */
export function loseTrack(group: GroupModel): void {
  Object.assign(group, { active: undefined, token: 0, isKnown: false });
  group.excluded.clear();
  group.blocked.clear();
}

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
    case 'GroupCheckpointed':
      checkpoint(group, event, at, complain);
      break;
    default:
      break;
  }
}

/** I10: it says what the events before it came to. Who reads from here on takes its word. */
function checkpoint(group: GroupModel, event: Checkpointed, at: number, complain: Complain): void {
  const told = { active: event.active, token: event.token };
  const hosts = event.excluded.map(({ host }) => host);
  const versions = event.blocked.map(({ version }) => version);
  const isSame =
    group.active === told.active &&
    group.token === told.token &&
    isSameSet(group.excluded, hosts) &&
    isSameSet(group.blocked, versions);
  if (group.isKnown && !isSame) complain('I10', `the checkpoint of the group is not what its events come to`);
  Object.assign(group, told);
  for (const host of hosts) if (!group.excluded.has(host)) group.excluded.set(host, at);
  for (const version of versions) group.blocked.add(version);
}

const isSameSet = (known: { readonly size: number; has(key: string): boolean }, told: readonly string[]): boolean =>
  known.size === told.length && told.every((key) => known.has(key));
