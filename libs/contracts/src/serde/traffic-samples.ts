import type { DomainEvent, FreezeEvent, TrafficEvent } from '../events/index.js';
import type { GateSpec } from '../gates.js';
import type { PlanTraffic } from '../traffic.js';

const limits = { fail: 0, inconclusive: 10, error: 4, passes: 1 };
const common = { source: 'main', intervalMs: 10_000, limits } as const;

/** A gate of each kind. */
export const SAMPLE_GATES: readonly GateSpec[] = [
  {
    ...common,
    name: 'errors',
    at: ['during', 'exit'],
    onFail: 'rollback',
    measure: {
      kind: 'threshold',
      query: 'sum(rate(errors{side="{{side}}"}[1m]))',
      windowMs: 300_000,
      stepMs: 15_000,
      bound: 'max',
      limit: 0.01,
      n: 3,
      of: 5,
    },
  },
  {
    ...common,
    name: 'slo',
    at: ['during'],
    onFail: 'brake',
    measure: {
      kind: 'burnRate',
      bad: 'sum(increase(errors[{{window}}]))',
      total: 'sum(increase(requests[{{window}}]))',
      objective: 0.999,
      factor: 14.4,
      longMs: 3_600_000,
      shortMs: 300_000,
      minEvents: 100,
    },
  },
  {
    ...common,
    name: 'canary',
    at: ['exit'],
    onFail: 'record',
    measure: {
      kind: 'comparison',
      metrics: [
        {
          name: 'latency',
          bad: 'increase',
          weight: 1,
          critical: true,
          canary: 'latency{side="a"}',
          baseline: 'latency',
        },
      ],
      windowMs: 600_000,
      stepMs: 15_000,
      level: 0.05,
      looks: 1,
      effect: 0.15,
      minSamples: 10,
      pass: 90,
      marginal: 60,
      maxMissing: 0,
    },
  },
  {
    ...common,
    name: 'smoke',
    at: ['exit'],
    onFail: 'brake',
    measure: {
      kind: 'smoke',
      requests: [{ method: 'GET', path: '/search?q=boots', status: 200, contains: 'boots', maxMs: 500 }],
      replay: { most: 1_000, perSecond: 50 },
      maxFailures: 0,
    },
  },
  {
    name: 'facts',
    intervalMs: 10_000,
    limits,
    at: ['during'],
    onFail: 'brake',
    measure: { kind: 'facts', maxRestarts: 0, maxVerifyMs: 60_000, maxOtherVersion: 0 },
  },
  { ...common, name: 'outside', at: ['entry'], onFail: 'brake', measure: { kind: 'webhook' } },
];

export const SAMPLE_SHIFT: PlanTraffic = {
  oldSide: 'flip',
  newSide: 'flop',
  services: [
    { name: 'web', groups: { flip: 'web-flip', flop: 'web-flop' }, app: 'web' },
    { name: 'index', artifact: { url: 'https://artifacts.example/index-2.tgz', sha256: 'ab'.repeat(32) } },
  ],
  capacity: 'agents',
  publish: [{ publisher: 'main', backend: 'search' }],
  preScalePercent: 25,
  smokeDark: true,
  weights: [{ weight: 1, smoke: true }, { weight: 50 }, { weight: 100 }],
  approveBefore: 50,
  dwellMs: 60_000,
  readyWithinMs: 1_800_000,
  drainWindowMs: 300_000,
};

/** Samples of what a shift of traffic and a freeze say of a rollout. */
export const TRAFFIC_SAMPLES: {
  readonly [T in TrafficEvent['type']]: readonly Extract<DomainEvent, { readonly type: T }>[];
} = {
  SideSeen: [
    { type: 'SideSeen', side: 'flop', services: [{ service: 'web', desired: 25, created: 20, ready: 18 }] },
    { type: 'SideSeen', side: 'flop', services: [] },
  ],
  SideScaleOrdered: [{ type: 'SideScaleOrdered', stage: 0, side: 'flop', services: [{ service: 'web', desired: 25 }] }],
  WeightSet: [
    { type: 'WeightSet', stage: 2, weights: { flip: 95, flop: 5 }, why: 'stage' },
    { type: 'WeightSet', stage: 2, weights: { flip: 70, flop: 30 }, why: 'manual', reason: 'graphs are flat' },
  ],
  WeightPublished: [{ type: 'WeightPublished', weights: { flip: 95, flop: 5 }, version: 7 }],
  SideRetireOrdered: [{ type: 'SideRetireOrdered', side: 'flip' }],
  SideRetired: [{ type: 'SideRetired', side: 'flip' }],
  RolloutFrozen: [
    { type: 'RolloutFrozen', freeze: 'f1', until: 1_767_225_900_000, words: 'production is frozen by ana: holidays' },
  ],
  RolloutThawed: [{ type: 'RolloutThawed', freeze: 'f1' }],
  FreezeOverridden: [{ type: 'FreezeOverridden', by: 'ana', reason: 'repairs the outage' }],
};

const declared = { type: 'FreezeDeclared', from: 1_767_225_000_000, until: 1_767_225_900_000 } as const;

export const FREEZE_SAMPLES: {
  readonly [T in FreezeEvent['type']]: readonly Extract<DomainEvent, { readonly type: T }>[];
} = {
  FreezeDeclared: [
    { ...declared, freeze: 'f1', scope: { kind: 'all' }, reason: 'stop the line' },
    { ...declared, freeze: 'f2', scope: { kind: 'environment', name: 'production' }, reason: 'holidays' },
    { ...declared, freeze: 'f3', scope: { kind: 'group', name: 'hello-web' }, reason: 'an outage' },
    { ...declared, freeze: 'f4', scope: { kind: 'app', name: 'hello' }, reason: 'an outage' },
  ],
  FreezeLifted: [
    { type: 'FreezeLifted', freeze: 'f1', by: 'expiry' },
    { type: 'FreezeLifted', freeze: 'f2', by: 'command', reason: 'over' },
  ],
};
