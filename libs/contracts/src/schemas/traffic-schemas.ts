import { closed, count, durationMs, instant, int, is, list, map, name, oneOfTexts, text, words, yes } from './parts.js';
import { artifact } from './spec.js';

const MAX_SERVICES = 100;
const side = name;
const weights = map(int(0, 100), 2);
const query = text(4_000, 1);
const version = int(1, Number.MAX_SAFE_INTEGER);

const bySide = map(name, 2);
const planService = closed({ name, groups: bySide, app: name, artifact }, 'groups', 'app', 'artifact');
const weightPlace = closed({ publisher: name, backend: name });

/** The shift of a plan. */
export const planTraffic = closed(
  {
    oldSide: side,
    newSide: side,
    services: list(planService, MAX_SERVICES, 1),
    capacity: name,
    publish: list(weightPlace, 16),
    preScalePercent: int(0, 100),
    smokeDark: is(true),
    smokeEarly: is(true),
    weights: list(closed({ weight: int(1, 100), smoke: is(true) }, 'smoke'), 100, 1),
    approveBefore: int(1, 100),
    dwellMs: durationMs,
    readyWithinMs: durationMs,
    drainWindowMs: durationMs,
  },
  'smokeDark',
  'smokeEarly',
  'approveBefore',
);

const smokeRequest = closed(
  {
    method: text(16, 1),
    path: text(2_000, 1),
    headers: map(text(4_000), 32),
    body: text(100_000),
    status: int(100, 599),
    contains: text(2_000),
    maxMs: durationMs,
  },
  'method',
  'headers',
  'body',
  'status',
  'contains',
  'maxMs',
);
const share = { type: 'number', minimum: 0, maximum: 1 };
const score = { type: 'number', minimum: 0, maximum: 100 };
const value = { type: 'number' };

const measure = {
  type: 'object',
  oneOf: [
    closed({
      kind: is('threshold'),
      query,
      windowMs: durationMs,
      stepMs: durationMs,
      bound: oneOfTexts('max', 'min'),
      limit: value,
      n: int(1, 500),
      of: int(1, 500),
    }),
    closed({
      kind: is('burnRate'),
      bad: query,
      total: query,
      objective: share,
      factor: value,
      longMs: durationMs,
      shortMs: durationMs,
      minEvents: count,
    }),
    closed({
      kind: is('comparison'),
      metrics: list(
        closed(
          {
            name,
            bad: oneOfTexts('increase', 'decrease', 'either'),
            weight: { type: 'number', minimum: 0 },
            critical: yes,
            canary: query,
            baseline: query,
          },
          'critical',
        ),
        32,
        1,
      ),
      windowMs: durationMs,
      stepMs: durationMs,
      level: share,
      looks: int(1, 10_000),
      effect: share,
      minSamples: int(1, 500),
      pass: score,
      marginal: score,
      maxMissing: score,
    }),
    closed(
      {
        kind: is('smoke'),
        requests: list(smokeRequest, 100),
        replay: closed({ most: int(1, 100_000), perSecond: int(1, 1_000) }),
        maxFailures: count,
      },
      'replay',
    ),
    closed(
      { kind: is('facts'), maxRestarts: count, maxVerifyMs: durationMs, maxOtherVersion: count },
      'maxRestarts',
      'maxVerifyMs',
      'maxOtherVersion',
    ),
    closed({ kind: is('webhook') }),
  ],
};

/** A gate of a plan that measures. */
export const gateSpec = closed(
  {
    name,
    source: name,
    at: list(oneOfTexts('entry', 'during', 'exit'), 3, 1),
    onFail: oneOfTexts('brake', 'rollback', 'record'),
    intervalMs: durationMs,
    limits: closed({ fail: count, inconclusive: count, error: count, passes: count }),
    measure,
  },
  'source',
);

const serviceCapacity = closed({ service: name, desired: count, created: count, ready: count });

/** Payloads of the events of a shift, and of what a freeze does to a rollout. */
export const TRAFFIC_EVENT_SCHEMAS = {
  SideSeen: closed({ side, services: list(serviceCapacity, MAX_SERVICES) }),
  SideScaleOrdered: closed({
    stage: count,
    side,
    services: list(closed({ service: name, desired: count }), MAX_SERVICES, 1),
  }),
  WeightSet: closed(
    { stage: count, weights, why: oneOfTexts('stage', 'manual', 'back'), reason: text(2_000) },
    'reason',
  ),
  WeightPublished: closed({ weights, version }),
  SideRetireOrdered: closed({ side }),
  SideRetired: closed({ side }),
  RolloutFrozen: closed({ freeze: name, until: instant, words }),
  RolloutThawed: closed({ freeze: name }),
  FreezeOverridden: closed({ by: text(200, 1), reason: text(2_000, 1) }),
} as const;

const freezeScope = {
  type: 'object',
  oneOf: [closed({ kind: is('all') }), closed({ kind: oneOfTexts('environment', 'app', 'group'), name })],
};

export const FREEZE_EVENT_SCHEMAS = {
  FreezeDeclared: closed({ freeze: name, scope: freezeScope, from: instant, until: instant, reason: text(2_000, 1) }),
  FreezeLifted: closed({ freeze: name, by: oneOfTexts('command', 'expiry'), reason: text(2_000) }, 'reason'),
} as const;

/** What may be said to freezes. */
export const freezeCommand = {
  type: 'object',
  oneOf: [
    closed({ type: is('freeze'), scope: freezeScope, from: instant, until: instant }, 'from'),
    closed({ type: is('lift') }),
  ],
};

/** A document of weights. */
export const weightDocument = closed(
  {
    v: is(1),
    group: name,
    version,
    weights,
    rolloutId: { anyOf: [text(30, 1), { type: 'null' }] },
    since: instant,
    token: count,
    rev: count,
    by: text(200),
  },
  'token',
  'rev',
  'by',
);
