import { type DomainEvent, NOTIFICATION_TYPES as TYPES, type Plan, type VariableSpec } from '@sluice/contracts';

import { SAMPLE_PLAN } from './told-samples.js';

const DAY = 86_400_000;
const counts = { done: 0, skipped: 0, failed: 0, unknown: 0, excluded: 0, untouched: 0 };
const planHash = '0123456789abcdef'.repeat(4);
export const SAMPLE_SPEC: VariableSpec = {
  ...{ name: 'docker', from: '1.6', to: '1.9', limits: {}, salt: '' },
  type: 'string',
  schedule: { kind: 'linear', durationMs: 14 * DAY },
};
/** The same as a ramp. */
export const SAMPLE_RAMP: Plan = {
  ...SAMPLE_PLAN,
  ...{ strategy: 'ramp', version: '1.9', targetCount: 0, canaries: 0, batches: [], gates: [], leftOut: [] },
  ramp: { fleet: 'backend', spec: SAMPLE_SPEC },
};
const words = 'gate restarts failed: 3% > 1%';

interface Row {
  readonly event: DomainEvent;
  readonly type: string;
  readonly severity: string;
  readonly text: string;
}

const row = (event: DomainEvent, type: string, severity: string, text: string): Row => ({
  ...{ event, type, severity, text: `hello 1.9 on web${text}` },
});

/** What is told of a ramp. */
export const RAMP_ROWS: readonly Row[] = [
  row(
    { type: 'RolloutPlanned', plan: SAMPLE_RAMP, planHash },
    TYPES.planned,
    'info',
    ' was planned for ana: to bring backend/docker from 1.6 to 1.9 over 14d',
  ),
  row(
    { type: 'RolloutStarted', token: 1 },
    TYPES.started,
    'info',
    ' started to bring backend/docker from 1.6 to 1.9 over 14d',
  ),
  row(
    { type: 'ApprovalRequested', approval: 'batches', planHash },
    TYPES.approvalRequested,
    'warning',
    ' awaits approval, approve it to bring backend/docker from 1.6 to 1.9 over 14d, or reject it: no host has changed yet; the approver is not the requester and names plan 0123456789ab',
  ),
  row(
    { type: 'ApprovalRejected', approval: 'batches' },
    TYPES.approvalRejected,
    'warning',
    ': ana rejected the batches; it ends as cancelled, and no host has changed',
  ),
  row(
    {
      type: 'GateJudged',
      stage: 0,
      round: 1,
      gate: 'restarts',
      verdict: 'fail',
      words: '3% > 1%',
      inputs: {},
      policyHash: planHash,
      phase: 'during',
    },
    TYPES.gateFailed,
    'warning',
    ': gate restarts failed in mid-ramp: 3% > 1%; the rollout is braked for it',
  ),
  row(
    { type: 'RolloutBraked', cause: { kind: 'gate', words, numbers: { stage: 0, round: 1 } } },
    TYPES.braked,
    'critical',
    ' is braked: gate restarts failed: 3% > 1%; hosts keep what they have, and no other gets the new value; look at what failed, then resume or cancel it, or roll back: it goes back as fast as it came',
  ),
  row(
    { type: 'RampSeen', phase: 'stopped', to: 357, hosts: 1_000, words },
    TYPES.rampSeen,
    'warning',
    ': backend/docker is frozen, and nothing reverts by itself: 357 of 1000 hosts have 1.9 (gate restarts failed: 3% > 1%)',
  ),
  row(
    { type: 'RampSeen', phase: 'paused', to: 357, hosts: 1_000 },
    TYPES.rampSeen,
    'warning',
    ': backend/docker is paused: 357 of 1000 hosts have 1.9',
  ),
  row(
    { type: 'RampSeen', phase: 'reversing', to: 357, hosts: 1_000 },
    TYPES.rampSeen,
    'warning',
    ': backend/docker goes back: 357 of 1000 hosts have 1.9',
  ),
  row(
    { type: 'RampSeen', phase: 'finished', to: 1_000, hosts: 1_000 },
    TYPES.rampSeen,
    'info',
    ': backend/docker is there: 1000 of 1000 hosts have 1.9',
  ),
  row(
    { type: 'RolloutPaused', reason: 'lunch' },
    TYPES.paused,
    'warning',
    ' was paused by ana (lunch); hosts keep what they have meanwhile, resume it to go on',
  ),
  row(
    { type: 'RolloutFrozen', freeze: 'f-01', until: 1_767_229_200_000, words: 'holidays' },
    TYPES.frozen,
    'warning',
    ' is frozen until 2026-01-01T01:00:00Z: holidays; no host gets the new value, rolling back stays possible',
  ),
  row({ type: 'StagePassed', stage: 0 }, TYPES.stagePassed, 'info', ': ramp passed, stage 1 of 1'),
  row(
    { type: 'RolloutSucceeded', counts },
    TYPES.succeeded,
    'info',
    ' succeeded: backend/docker has gone from 1.6 to 1.9',
  ),
  row(
    { type: 'RolloutCancelled', cause: 'rollback', counts, notServing: [] },
    TYPES.cancelled,
    'warning',
    ' was cancelled (rollback): backend/docker goes back to 1.6, as fast as it came; revert has it back at once',
  ),
  row(
    { type: 'RolloutCancelled', cause: 'cancelled', counts, notServing: [] },
    TYPES.cancelled,
    'warning',
    ' was cancelled (cancelled): backend/docker stays where it is; reverse or revert the variable to have 1.6 again',
  ),
];
