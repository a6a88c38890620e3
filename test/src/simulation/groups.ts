import type { GroupEntry } from '@sluice/contracts';

import { APP, GROUP, type SimulationOptions } from './options.js';
import { groupsOf } from './ramps/world.js';
import { SIDED } from './traffic/world.js';

/** What the inventory of a world says: the group of its hosts or sides, and one for each variable that rollouts ramp. */
export const groupsFor = ({ environment, balancer, traffic, ramps = [] }: SimulationOptions): readonly GroupEntry[] => [
  {
    name: GROUP,
    app: APP,
    environment: environment ?? 'production',
    ...(balancer === undefined ? {} : { balancer: { name: 'edge', backend: APP } }),
    ...(traffic === undefined ? {} : { sides: SIDED }),
    profile: { kind: 'process', command: ['node', 'server.mjs'], stopGraceMs: 1_000 },
  },
  ...groupsOf(ramps, APP),
];
