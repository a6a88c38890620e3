import { FREEZE_STREAM, type GateJudged, NOTIFICATION_TYPES as TYPES } from '@sluice/contracts';

import type { ToldEvent } from './told.js';
import { SAMPLE_SHIFT, told } from './told-samples.js';

const counts = { done: 0, skipped: 0, failed: 0, unknown: 0, excluded: 0, untouched: 0 };
export const SHIFT_HASH = '0123456789abcdef'.repeat(4);
const gate: GateJudged = {
  type: 'GateJudged',
  stage: 0,
  round: 1,
  gate: 'ready',
  verdict: 'fail',
  words: '1 of 1 not ready > limit 0: h01 runs 1.0.0 (3 heartbeats)',
  inputs: {},
  policyHash: SHIFT_HASH,
};

const WORDS = 'web-freeze: holidays, by ana';
/** What is told of a shift of traffic and of freezes: event, type, severity, text. */
export const SHIFT_ROWS: readonly (readonly [ToldEvent, string, string, string])[] = [
  [
    told({ type: 'RolloutPlanned', plan: SAMPLE_SHIFT, planHash: SHIFT_HASH }, 'plan'),
    TYPES.planned,
    'info',
    'hello 2.0.0 on web was planned for ana: to shift traffic from flip to flop by 5, 50, 100 percent, 1 left out',
  ],
  [
    told({ type: 'RolloutStarted', token: 7 }),
    TYPES.started,
    'info',
    'hello 2.0.0 on web started to shift traffic from flip to flop by 5, 50, 100 percent',
  ],
  [
    told({ type: 'WeightSet', stage: 1, weights: { flip: 95, flop: 5 }, why: 'stage' }),
    TYPES.weightSet,
    'info',
    'hello 2.0.0 on web: traffic is to be flip 95 %, flop 5 % (stage weight 5)',
  ],
  [
    told({ type: 'WeightSet', stage: 1, weights: { flip: 75, flop: 25 }, why: 'manual', reason: 'graphs are flat' }),
    TYPES.weightSet,
    'warning',
    'hello 2.0.0 on web: ana set the traffic to flip 75 %, flop 25 % by hand (graphs are flat)',
  ],
  [
    told({ type: 'WeightSet', stage: 2, weights: { flip: 100, flop: 0 }, why: 'back', reason: 'orders fail' }),
    TYPES.weightSet,
    'warning',
    'hello 2.0.0 on web goes back: all weights in one publish, flip 100 %, flop 0 % (orders fail)',
  ],
  [
    told({ type: 'WeightPublished', weights: { flip: 50, flop: 50 }, version: 7 }),
    TYPES.weightPublished,
    'info',
    'hello 2.0.0 on web: traffic is flip 50 %, flop 50 % (weights version 7)',
  ],
  [
    told({ type: 'WeightPublished', weights: { flip: 100, flop: 0 }, version: 8 }),
    TYPES.weightPublished,
    'info',
    'hello 2.0.0 on web: traffic is flip 100 %, flop 0 %, all of it on flip again (weights version 8)',
  ],
  [
    told({ type: 'StagePassed', stage: 1 }),
    TYPES.stagePassed,
    'info',
    'hello 2.0.0 on web: weight 5 passed, stage 2 of 5',
  ],
  [
    told({ type: 'ApprovalRequested', approval: 'batches', planHash: SHIFT_HASH }),
    TYPES.approvalRequested,
    'warning',
    'hello 2.0.0 on web awaits approval, flop is to get 50 percent of the traffic: approve it to go on, or reject it and flip has all of it again; the approver is not the requester and names plan 0123456789ab',
  ],
  [
    told({ type: 'ApprovalRejected', approval: 'batches' }),
    TYPES.approvalRejected,
    'warning',
    'hello 2.0.0 on web: ana rejected the batches; it settles and ends as cancelled, flip has all traffic again',
  ],
  [
    told({ type: 'RolloutBraked', cause: { kind: 'gate', words: 'gate errors: 3 of 5 > 0.01', numbers: {} } }),
    TYPES.braked,
    'critical',
    'hello 2.0.0 on web is braked: gate errors: 3 of 5 > 0.01; weights stay as they are; look at what failed, then resume or cancel it, or roll back: all weights in one publish',
  ],
  [
    told({ ...gate, gate: 'errors', stage: 1, phase: 'during' }, 'gate'),
    TYPES.gateFailed,
    'warning',
    'hello 2.0.0 on web: gate errors failed in the middle of weight 5: 1 of 1 not ready > limit 0: h01 runs 1.0.0 (3 heartbeats); the rollout is rolled back for it',
  ],
  [
    told({ ...gate, gate: 'slo', stage: 2, phase: 'entry' }, 'gate'),
    TYPES.gateFailed,
    'warning',
    'hello 2.0.0 on web: gate slo failed before weight 50: 1 of 1 not ready > limit 0: h01 runs 1.0.0 (3 heartbeats); the rollout is braked for it',
  ],
  [
    told({ type: 'SideRetired', side: 'flip' }),
    TYPES.sideRetired,
    'info',
    'hello 2.0.0 on web: side flip is retired; nothing leads back to it',
  ],
  [
    told({ type: 'RolloutSucceeded', counts }),
    TYPES.succeeded,
    'info',
    'hello 2.0.0 on web succeeded: all traffic is on flop, flip is retired',
  ],
  [
    told({ type: 'RolloutCancelled', cause: 'rollback', counts, notServing: [] }),
    TYPES.cancelled,
    'warning',
    'hello 2.0.0 on web was cancelled (rollback): all traffic is on flip',
  ],
  [
    told({ type: 'RolloutFrozen', freeze: 'f-01', until: 1_767_229_200_000, words: WORDS }),
    TYPES.frozen,
    'warning',
    'hello 2.0.0 on web is frozen until 2026-01-01T01:00:00Z: web-freeze: holidays, by ana; nothing is admitted and no traffic moves to a new side, rolling back stays possible',
  ],
  [
    told({ type: 'RolloutThawed', freeze: 'f-01' }),
    TYPES.thawed,
    'info',
    'hello 2.0.0 on web is held by freeze f-01 no longer',
  ],
  [
    told({ type: 'FreezeOverridden', by: 'user:bo', reason: 'repairs the outage' }),
    TYPES.freezeOverridden,
    'warning',
    'hello 2.0.0 on web goes on in spite of the freezes that hold now: user:bo answers for it (repairs the outage)',
  ],
  [
    told(
      {
        type: 'FreezeDeclared',
        freeze: 'f-01',
        scope: { kind: 'group', name: 'web' },
        from: 1_767_225_600_000,
        until: 1_767_229_200_000,
        reason: 'the database moves',
      },
      'freeze',
      FREEZE_STREAM.id,
    ),
    TYPES.freezeDeclared,
    'warning',
    'ana froze group web from 2026-01-01T00:00:00Z until 2026-01-01T01:00:00Z (the database moves): nothing is admitted and no traffic moves to a new side; hotfix goes on in spite of it, lift ends it',
  ],
  [
    told({ type: 'FreezeLifted', freeze: 'f-01', by: 'command', reason: 'done' }, 'freeze', FREEZE_STREAM.id),
    TYPES.freezeLifted,
    'info',
    'freeze f-01 was lifted by ana (done)',
  ],
  [
    told({ type: 'FreezeLifted', freeze: 'f-01', by: 'expiry' }, 'freeze', FREEZE_STREAM.id),
    TYPES.freezeLifted,
    'info',
    'freeze f-01 has ended: its time is over',
  ],
];
