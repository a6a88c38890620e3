import type { DomainEvent, RosterEvent, VariableEvent } from '../events/index.js';

const reason = 'the next release';
const spite = { freezes: ['01ARZ3NDEKTSV4RRFFQ69G5FAV'], by: 'ana' } as const;
const spec = {
  name: 'docker_version',
  type: 'string',
  from: '1.6',
  to: '1.9',
  schedule: { kind: 'linear', durationMs: 1_209_600_000 },
  limits: {},
  salt: '',
} as const;

/** Samples of what happens to variables and to the roster of hosts that they are for. */
export const VARIABLE_SAMPLES: {
  readonly [T in (RosterEvent | VariableEvent)['type']]: readonly Extract<DomainEvent, { readonly type: T }>[];
} = {
  HostsJoined: [{ type: 'HostsJoined', role: 'access-point', from: 0, names: ['ap-1', 'ap-2', 'ap-3'] }],
  HostsReturned: [{ type: 'HostsReturned', role: 'access-point', hosts: [1] }],
  HostsMoved: [{ type: 'HostsMoved', role: 'login', hosts: [0, 2] }],
  HostsLeft: [
    { type: 'HostsLeft', hosts: [1] },
    { type: 'HostsLeft', hosts: [0, 1], reason: 'silent for a day' },
  ],
  RosterCheckpointed: [
    {
      ...{ type: 'RosterCheckpointed', part: 1, parts: 2, roles: ['access-point', 'login'] },
      ...{ from: 0, names: ['ap-1', 'ap-2'], places: [0, -1] },
    },
    { type: 'RosterCheckpointed', part: 2, parts: 2, roles: [], from: 2, names: ['login-1'], places: [1] },
  ],
  VariableDefined: [
    { type: 'VariableDefined', version: 1, spec, reason },
    {
      type: 'VariableDefined',
      version: 2,
      spec: {
        ...spec,
        name: 'pool_size',
        type: 'number',
        from: 8,
        to: 16.5,
        schedule: {
          kind: 'points',
          points: [
            [0, 0.01],
            [3_600_000, 0.01],
            [86_400_000, 1],
          ],
        },
        limits: {
          '*': { maxPercent: 30, minHosts: 1 },
          login: { maxHosts: 4, pace: { changes: 1, windowMs: 600_000 } },
        },
        salt: 'b',
      },
      reason,
    },
    {
      type: 'VariableDefined',
      version: 3,
      spec: { ...spec, name: 'ipv6', type: 'boolean', from: false, to: true },
      reason,
    },
  ],
  RampStarted: [
    { type: 'RampStarted', activeMs: 0, reason },
    { type: 'RampStarted', activeMs: 0, reason, spite },
  ],
  RampReversed: [{ type: 'RampReversed', activeMs: 86_400_000, reason: 'to see the bug go' }],
  RampPaused: [{ type: 'RampPaused', activeMs: 86_400_000, reason: 'weekend' }],
  RampResumed: [
    { type: 'RampResumed', activeMs: 86_400_000, reason: 'Monday' },
    { type: 'RampResumed', activeMs: 86_400_000, reason: 'the outage goes on', spite },
  ],
  RampStopped: [
    {
      type: 'RampStopped',
      activeMs: 432_000_000,
      cause: { kind: 'breach', words: 'errors 0.7% > 0.5%', numbers: { value: 0.7, threshold: 0.5 } },
    },
    {
      type: 'RampStopped',
      activeMs: 432_000_000,
      cause: { kind: 'command', words: 'stopped by a command', numbers: {} },
      reason: 'users complain',
    },
  ],
  RampFinishOrdered: [{ type: 'RampFinishOrdered', activeMs: 1_209_600_000, reason: 'all is well' }],
  RampFinished: [
    { type: 'RampFinished', side: 'to', counts: { from: 0, to: 999, pinned: 1 } },
    { type: 'RampFinished', side: 'from', counts: { from: 999, to: 0, pinned: 1 } },
  ],
  VariableReverted: [{ type: 'VariableReverted', count: 250, reason: 'logins fail' }],
  HostsPinned: [
    { type: 'HostsPinned', hosts: [7], value: '1.6', reason: 'kept for comparison' },
    { type: 'HostsPinned', hosts: [7, 9], value: 12, reason },
    { type: 'HostsPinned', hosts: [0], value: true, reason },
  ],
  HostsUnpinned: [{ type: 'HostsUnpinned', hosts: [7], reason: 'compared' }],
  VariableCheckpointed: [
    {
      type: 'VariableCheckpointed',
      version: 1,
      spec,
      phase: 'ramping',
      direction: 1,
      activeMs: 86_400_000,
      since: 1_767_225_900_000,
      hosts: [0, 1, 2, 7],
      pins: [],
      paces: [],
    },
    {
      type: 'VariableCheckpointed',
      version: 2,
      spec,
      phase: 'stopped',
      direction: -1,
      activeMs: 86_400_000,
      stopped: { kind: 'breach', words: 'errors 0.7% > 0.5%', numbers: { value: 0.7 } },
      hosts: [],
      pins: [{ host: 7, value: '1.6' }],
      paces: [{ role: 'login', changes: [[1_767_225_900_000, 2]] }],
    },
    {
      ...{ type: 'VariableCheckpointed', version: 1, spec, phase: 'ramping', direction: 1, activeMs: 86_400_000 },
      ...{ since: 1_767_225_900_000, spite, hosts: [0], pins: [], paces: [] },
    },
  ],
  ValuesAssigned: [
    { type: 'ValuesAssigned', hosts: [3], side: 'to', rule: 'ramp' },
    { type: 'ValuesAssigned', hosts: [0, 1, 2, 5], side: 'from', rule: 'ramp' },
    { type: 'ValuesAssigned', hosts: Array.from({ length: 400 }, (_, i) => 1_000 + 2 * i), side: 'to', rule: 'join' },
  ],
};
