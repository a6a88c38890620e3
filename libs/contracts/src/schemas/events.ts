import type { DomainEvent } from '../events/index.js';
import {
  actor,
  closed,
  count,
  durationMs,
  gateName,
  instant,
  int,
  is,
  list,
  mode,
  name,
  oneOfTexts,
  reason,
  rolloutId,
  type Schema,
  severity,
  sha256Hex,
  strategy,
  text,
  traceparent,
  words,
  yes,
} from './parts.js';
import { RECORD_EVENT_SCHEMAS } from './record-schemas.js';
import {
  batches,
  foundDrift,
  GATE_EVENT_SCHEMAS,
  MAX_PROFILES,
  planTarget,
  ROLLOUT_EVENT_SCHEMAS,
} from './rollout-event-schemas.js';
import { profile, stepSpec } from './spec.js';
import { FREEZE_EVENT_SCHEMAS, gateSpec, planTraffic, TRAFFIC_EVENT_SCHEMAS } from './traffic-schemas.js';
import { planRamp, RAMP_EVENT_SCHEMAS, VARIABLE_EVENT_SCHEMAS } from './variable-schemas.js';

const budget = closed(
  {
    batchCount: int(1, 100_000),

    members: count,
    percent: int(0, 100),
    maxUnavailable: count,
    failureLimit: count,
    failureThresholdPercent: int(0, 100),
    extraFailures: count,
    minServing: count,
    advisory: yes,
  },
  'batchCount',
);

const waits = closed({ intervalMs: durationMs, tailIntervalMs: durationMs, tailFrom: count, bakeMs: durationMs });

const plan = closed(
  {
    v: is(1),
    rolloutId,
    requestId: text(200, 1),
    app: name,
    group: name,
    environment: oneOfTexts('production', 'test'),
    strategy,
    version: name,
    spec: stepSpec,
    profiles: list(profile, MAX_PROFILES, 1),
    targetCount: count,
    canaries: count,
    batches,
    budget,
    waits,
    approvals: closed({ batches: oneOfTexts('required', 'policy') }),
    mode,
    gates: list(gateName, 16),
    onCanaryFailure: oneOfTexts('hold', 'rollback'),
    leftOut: list(closed({ host: name, reason: text(2_000) }), 100_000),
    targetsHash: sha256Hex,
    requestedBy: actor,
    reason,
    rollbackOf: rolloutId,
    restores: rolloutId,
    pollAfterMs: durationMs,
    attemptDeadlineMs: durationMs,
    documentHash: sha256Hex,
    stepRetries: { type: 'object', maxProperties: 6, additionalProperties: int(1, 100) },
    onVerifyFailure: closed({ then: oneOfTexts('giveUp', 'waive'), waivedBy: text(200, 1) }, 'waivedBy'),
    prefetch: yes,
    labels: { type: 'object', maxProperties: 64, additionalProperties: text(2_000) },
    lb: closed({ balancer: name, backend: name, mode: oneOfTexts('required', 'degrade') }),
    rollbackable: yes,
    gateSpecs: list(gateSpec, 32, 1),
    traffic: planTraffic,
    ramp: planRamp,
  },
  'profiles',
  'reason',
  'rollbackOf',
  'restores',
  'documentHash',
  'stepRetries',
  'onVerifyFailure',
  'prefetch',
  'labels',
  'lb',
  'rollbackable',
  'gateSpecs',
  'traffic',
  'ramp',
);

const fault = closed({ path: text(2_000), code: text(64, 1), message: words });

const inventoryUsed = closed(
  {
    source: oneOfTexts('file', 'api', 'heartbeat', 'cmdb'),
    version: int(0, Number.MAX_SAFE_INTEGER),
    fetchedAt: instant,
    ageMs: instant,
    note: words,
  },
  'note',
);

const unreachable = closed({ count, hosts: list(name, 100) });

const PLAN_EVENT_SCHEMAS = {
  PlanTargetsAdded: closed({ from: count, targets: list(planTarget, 100_000, 1) }),
  RolloutPlanned: closed(
    { plan, planHash: sha256Hex, trace: traceparent, inventory: inventoryUsed, drift: foundDrift, unreachable },
    'trace',
    'inventory',
    'drift',
    'unreachable',
  ),
  RequestRefused: closed(
    { requestId: text(200, 1), faults: list(fault, 1_000), documentHash: sha256Hex, app: name, group: name },
    'app',
    'group',
  ),
} as const;

const because = text(2_000);

const versionSuccess = closed(
  { version: name, rolloutId, strategy, sha256: sha256Hex, restores: rolloutId, side: name },
  'restores',
  'side',
);
const versionBlock = closed({ version: name, reason: because, rolloutId }, 'rolloutId');
const hostExclusion = closed({ host: name, reason: because });

const GROUP_EVENT_SCHEMAS = {
  LeaseGranted: closed({ rolloutId, token: int(1, Number.MAX_SAFE_INTEGER) }),
  LeaseQueued: closed({ rolloutId, behind: rolloutId, version: name, strategy }),
  LeaseDropped: closed({ rolloutId, reason: because }),
  LeaseReleased: closed({ rolloutId, outcome: oneOfTexts('succeeded', 'cancelled', 'closed', 'dropped') }),
  VersionSucceeded: versionSuccess,
  VersionBlocked: versionBlock,
  VersionUnblocked: closed({ version: name, reason: because }),
  HostExcluded: hostExclusion,
  HostIncluded: hostExclusion,
  GroupCheckpointed: closed(
    {
      token: int(0, Number.MAX_SAFE_INTEGER),
      active: rolloutId,
      waiting: closed({ rolloutId, version: name, strategy }),
      history: list(versionSuccess, 100),
      blocked: list(versionBlock, 10_000),
      excluded: list(hostExclusion, 10_000),
      dropped: list(closed({ rolloutId, reason: because }), 1_000),
      blockedFor: list(rolloutId, 1_000),
    },
    'active',
    'waiting',
  ),
} as const;

const ofDependency = { dependency: name };

const DEPENDENCY_EVENT_SCHEMAS = {
  DependencyOpened: closed({ ...ofDependency, words }),
  DependencyHalfOpened: closed(ofDependency),
  DependencyClosed: closed(ofDependency),
  DependencyForced: closed({ ...ofDependency, mode: oneOfTexts('open', 'closed'), until: instant, reason: because }),
  DependencyReleased: closed({ ...ofDependency, by: oneOfTexts('command', 'expiry'), reason: because }, 'reason'),
} as const;

const NOTICE_EVENT_SCHEMAS = {
  NoticeDelivered: closed({ notificationId: text(200, 1), notificationType: text(200, 1), severity, position: count }),
} as const;

/**
 * The JSON Schema of the payload of each event type as it is stored today. Closed: a field that is added to an event
 * is added here, or the tests say so.
 */
export const EVENT_SCHEMAS: { readonly [T in DomainEvent['type']]: Schema } = {
  ...PLAN_EVENT_SCHEMAS,
  ...ROLLOUT_EVENT_SCHEMAS,
  ...GROUP_EVENT_SCHEMAS,
  ...GATE_EVENT_SCHEMAS,
  ...DEPENDENCY_EVENT_SCHEMAS,
  ...TRAFFIC_EVENT_SCHEMAS,
  ...RAMP_EVENT_SCHEMAS,
  ...FREEZE_EVENT_SCHEMAS,
  ...RECORD_EVENT_SCHEMAS,
  ...VARIABLE_EVENT_SCHEMAS,
  ...NOTICE_EVENT_SCHEMAS,
};

const storedEvent = closed(
  {
    type: oneOfTexts(...Object.keys(EVENT_SCHEMAS)),
    v: int(1, 1_000),
    by: actor,
    cause: text(800),
    corr: text(800),
    data: {},
  },
  'v',
  'by',
  'cause',
  'corr',
);

/** The JSON Schema of one message of the log; the payloads are those of EVENT_SCHEMAS. */
export const COMMIT_SCHEMA: Schema = closed({
  v: is(1),
  id: text(64, 1),
  stream: text(700, 1),
  rev: int(1, Number.MAX_SAFE_INTEGER),
  at: instant,
  prev: { anyOf: [sha256Hex, { const: '' }] },
  events: list(storedEvent, 512, 1),
});
