import type { GroupSummary, Page } from '@sluice/gateway';

import type { Api } from '../client/api.js';
import type { DemoFleet } from './demo-fleet.js';
import type { PackedRelease } from './hello.js';

/** The request for one release to one group of the demo fleet. */
export const requestFor = (group: string, { version, url, sha256 }: PackedRelease) => ({
  app: 'hello',
  group,
  version,
  artifact: { url, sha256 },
});

/** Brings 1.0.0 to the groups where nothing runs yet, so that there is something to roll over and back to. */
export async function requestFirst(api: Api, fleet: DemoFleet): Promise<void> {
  const { items } = await api.call<Page<GroupSummary>>('listGroups');
  const release = fleet.releases[0];
  const empty = items.filter(
    ({ versions, active }) => active === null && Object.keys(versions).every((version) => version === ''),
  );
  for (const { name } of empty) {
    if (release === undefined) return;
    const body = {
      ...requestFor(name, release),
      strategy: 'rolling',
      batches: '50%',
      interval: '0s',
      reason: 'the first version of the demo fleet',
    };
    await api.call('createRequest', { body: { ...body, requestedBy: { id: 'demo', kind: 'service' } } });
  }
}
