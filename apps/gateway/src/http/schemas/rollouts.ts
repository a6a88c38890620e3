import { EVENT_SCHEMAS, EVENT_TYPES } from '@sluice/contracts';
import { PHASES } from '@sluice/rollout';

import {
  count,
  instant,
  list,
  map,
  modern,
  nullable,
  object,
  oneOf,
  page,
  ref,
  rolloutId,
  sha256,
  text,
  yes,
} from './parts.js';
import { inventoryUsed } from './requests.js';
import { frozenSchema, trafficSchema } from './weights.js';

const plan = (EVENT_SCHEMAS.RolloutPlanned['properties'] as Readonly<Record<string, unknown>>)['plan'];

export const STATES = [
  'planned',
  'running',
  'awaiting-approval',
  'paused',
  'braked',
  'settling',
  'succeeded',
  'failed',
  'cancelled',
  'closed',
] as const;

const scalar = { anyOf: [text(), { type: 'number' }, yes] };

const rampSchema = object(
  {
    fleet: text(),
    variable: text(),
    from: scalar,
    to: scalar,
    durationMs: count,
    seen: object({ phase: text(), to: count, hosts: count, words: text() }, 'words'),
  },
  'seen',
);

const summary = {
  id: rolloutId,
  app: text(),
  group: text(),
  version: text(),
  strategy: text(),
  state: oneOf(...STATES),
  planHash: sha256,
  targets: count,
  counts: object({
    done: count,
    skipped: count,
    failed: count,
    unknown: count,
    excluded: count,
    untouched: count,
    inStep: count,
    held: count,
  }),
  stage: object({ index: count, name: text(), of: count }),
  budget: object({
    members: count,
    maxUnavailable: count,
    failureLimit: count,
    extraFailures: count,
    unavailable: count,
    lost: count,
  }),
  wait: object({ kind: oneOf('interval', 'bake', 'dwell', 'capacity', 'drain'), stage: count, until: instant }),
  wanted: oneOf('canary', 'batches'),
  brake: object({ kind: text(), words: text(), numbers: map({ type: 'number' }), targets: list(count) }, 'targets'),
  end: oneOf('cancelled', 'superseded', 'rollback', 'rejected'),
  mode: oneOf('automatic', 'manual'),
  awaitsProceed: yes,
  actions: list(text()),
  rollbackTo: object({ rolloutId, version: text() }),
  rollbackOf: rolloutId,
  traffic: trafficSchema,
  ramp: rampSchema,
  frozen: frozenSchema,
  label: {
    ...object({ label: oneOf('good', 'bad'), reason: text(), by: ref('Actor'), at: instant, rev: count }),
    description: 'What somebody said it was, last; not with `at`.',
  },
  plannedAt: instant,
  startedAt: instant,
  endedAt: instant,
};

const NOT_ALWAYS = [
  'wait',
  'wanted',
  'brake',
  'end',
  'rollbackTo',
  'rollbackOf',
  'traffic',
  'ramp',
  'frozen',
  'label',
] as const;

const batch = object({
  stage: count,
  name: text(),
  from: count,
  to: count,
  status: oneOf('passed', 'current', 'pending'),
});

const target = object(
  {
    index: count,
    host: text(),
    phase: oneOf(...PHASES),
    n: count,
    serving: yes,
    step: text(),
    code: text(),
    message: text(),
    address: nullable(text()),
    canary: yes,
    site: text(),
    from: text(),
    output: text({ description: 'Address of what its last step wrote, when that failed.' }),
  },
  'output',
  'step',
  'code',
  'message',
  'site',
  'from',
);

const event = {
  ...object({ type: oneOf(...EVENT_TYPES), meta: object({ by: ref('Actor'), cause: text(), corr: text() }) }),
  description: 'What happened; more fields by type. `output` of a StepFailed is the address of what the step wrote.',
  additionalProperties: true,
};

const commit = object({
  position: { ...count, description: 'Place in the log: orders everything, and continues a page or a live stream.' },
  at: instant,
  writer: text(),
  stream: text(),
  rev: count,
  commit: text(),
  events: list(event),
});

const maybe = nullable(count);
const hours = { type: 'number', minimum: 0, description: 'Created instances times hours.' };

const report = object({
  id: rolloutId,
  state: oneOf(...STATES),
  targets: count,
  plannedAt: instant,
  startedAt: maybe,
  endedAt: maybe,
  durationMs: maybe,
  estimatedMs: { ...count, description: 'What its plan let expect, without approvals and failures.' },
  inventory: nullable(inventoryUsed),
  unreachable: nullable(object({ count, hosts: list(text()) })),
  notAtVersion: object({ count, hosts: list(object({ host: text(), why: text(), running: nullable(text()) })) }),
  drifts: list(object({ host: text(), recorded: nullable(text()), running: text() })),
  steps: list(object({ step: text(), count, failed: count, p50: count, p95: count, max: count })),
  stages: list(
    object({
      stage: count,
      name: text(),
      targets: count,
      enteredAt: maybe,
      settledAt: maybe,
      passedAt: maybe,
      ms: maybe,
    }),
  ),
  brakes: list(object({ at: instant, words: text() })),
  pauses: {
    ...object({ count, ms: count, since: maybe }),
    description: 'How often it was paused and for how long; a pause that lasts counts from `since`, not in `ms`.',
  },
  capacity: nullable(object({ hours, sides: list(object({ side: text(), hours })) })),
});

export const ROLLOUT_SCHEMAS = {
  Actor: object({ id: text(), kind: oneOf('user', 'service', 'agent', 'policy') }),
  Plan: modern(plan),
  Rollout: object(summary, ...NOT_ALWAYS),
  RolloutPage: page(ref('Rollout')),
  RolloutDetail: object(
    { ...summary, rev: count, plan: ref('Plan'), batches: list(batch), at: ref('AtMoment') },
    ...NOT_ALWAYS,
    'at',
  ),
  TargetPage: object({ items: list(target), next: nullable(text()), at: ref('AtMoment') }, 'at'),
  EventPage: page(commit, count),
  Report: report,
  StepOutput: object({ rollout: rolloutId, host: text(), step: text(), n: count, text: text(), truncated: yes }),
  Done: object({ target: text(), state: text(), rev: count, actions: list(text()) }),
} as const;
