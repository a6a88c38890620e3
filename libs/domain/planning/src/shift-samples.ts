import type { DeployRequest, GateDocument, GroupEntry, GroupSides } from '@sluice/contracts';

import type { PlanInput } from './plan-input.js';
import { SAMPLE_REQUEST } from './samples.js';

export const SAMPLE_SIDES: GroupSides = {
  names: ['flip', 'flop'],
  services: [
    { name: 'web', groups: { flip: 'web-flip', flop: 'web-flop' } },
    { name: 'index', groups: { flip: 'index-flip', flop: 'index-flop' } },
  ],
  capacity: 'agents',
  publish: [{ publisher: 'main', backend: 'search' }],
};

export const SIDED_GROUP: GroupEntry = {
  name: 'shop-web',
  app: 'shop',
  environment: 'production',
  sides: SAMPLE_SIDES,
};

const sideGroup = (name: string): [string, GroupEntry] => [
  name,
  { name, app: name.split('-')[0] ?? '', environment: 'production' },
];

/** A group with two sides of two services, all of whose groups are defined. */
export const shiftInput = (request: Partial<DeployRequest> = {}, group: Partial<GroupEntry> = {}): PlanInput => ({
  request: { ...SAMPLE_REQUEST, ...request },
  requestId: 'request-1',
  documentHash: 'cd'.repeat(32),
  rolloutId: 'r07-0123456789ABCDEFGHJKMNPQRS',
  group: { ...SIDED_GROUP, ...group },
  members: [],
  exclusions: new Map(),
  blocked: new Map(),
  sideGroups: new Map(['web-flip', 'web-flop', 'index-flip', 'index-flop'].map(sideGroup)),
});

export const SMOKE_GATE: GateDocument = {
  name: 'smoke',
  source: 'search',
  measure: { kind: 'smoke', requests: [{ path: '/search?q=boots', status: 200 }] },
};

export const ERROR_GATE: GateDocument = {
  name: 'errors',
  source: 'main',
  measure: { kind: 'threshold', query: 'sum(rate(errors{side="{{side}}"}[1m]))', limit: 0.01 },
};
