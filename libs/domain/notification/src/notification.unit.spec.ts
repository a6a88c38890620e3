import {
  type DomainEvent,
  groupStreamId,
  type GateJudged,
  NOTIFICATION_TYPES as TYPES,
  parseNotification,
  type Writer,
} from '@sluice/contracts';
import { serviceActor } from '@sluice/kernel';
import { describe, expect, it } from 'vitest';

import { isNotable, notificationOf, rolloutOf, type ToldEvent } from './index.js';
import { RAMP_ROWS } from './ramp-samples.js';
import { SHIFT_ROWS } from './shift-samples.js';
import { SAMPLE_ID as id, SAMPLE_PLAN as plan, SECRET_URL as url, told } from './told-samples.js';

const counts = { done: 9, skipped: 0, failed: 2, unknown: 1, excluded: 0, untouched: 0 };
const planHash = '0123456789abcdef'.repeat(4);
const group = groupStreamId('web');
const gate: GateJudged = {
  type: 'GateJudged',
  stage: 0,
  round: 1,
  gate: 'ready',
  verdict: 'fail',
  words: '1 of 1 not ready > limit 0: h01 runs 1.0.0 (3 heartbeats)',
  inputs: {},
  policyHash: planHash,
};

const ROWS: readonly (readonly [ToldEvent, string, string, string])[] = [
  [
    told({ type: 'RolloutPlanned', plan, planHash }, 'plan'),
    TYPES.planned,
    'info',
    'hello 2.0.0 on web was planned for ana: 12 targets in 5 stages, at most 3 of 12 unavailable, 1 left out',
  ],
  [
    told(
      {
        type: 'RequestRefused',
        requestId: 'req-1',
        documentHash: planHash,
        faults: [
          { path: '/artifact/sha256', code: 'MISSING', message: `no sha256 for ${url}` },
          { path: '', code: 'UNKNOWN_GROUP', message: 'no such group' },
        ],
        group: 'web',
      },
      'plan',
    ),
    TYPES.refused,
    'warning',
    'a request for group web was refused with 2 faults: /artifact/sha256 MISSING, the document UNKNOWN_GROUP; correct the document and publish it again',
  ],
  [told({ type: 'RolloutStarted', token: 7 }), TYPES.started, 'info', 'hello 2.0.0 on web started on 12 targets'],
  [
    told({ type: 'ApprovalRequested', approval: 'canary', planHash }),
    TYPES.approvalRequested,
    'warning',
    'hello 2.0.0 on web awaits approval, the canary is verified (1 held out of service): approve it to enable it, or reject it; the approver is not the requester and names plan 0123456789ab',
  ],
  [
    told({ type: 'ApprovalRequested', approval: 'batches', planHash }),
    TYPES.approvalRequested,
    'warning',
    'hello 2.0.0 on web awaits approval, the canary stage passed: approve the batches to go on with 11 targets in 4 batches, or reject them; the approver is not the requester and names plan 0123456789ab',
  ],
  [
    told({ type: 'ApprovalGranted', approval: 'canary', planHash, reason: 'looks good' }),
    TYPES.approvalGranted,
    'info',
    'hello 2.0.0 on web: ana approved the canary (looks good)',
  ],
  [
    told({ type: 'ApprovalRejected', approval: 'batches' }),
    TYPES.approvalRejected,
    'warning',
    'hello 2.0.0 on web: ana rejected the batches; it settles and ends as cancelled, roll back to restore the hosts that it touched',
  ],
  [
    told({ type: 'BatchAwaited', stage: 2 }),
    TYPES.batchAwaited,
    'warning',
    'hello 2.0.0 on web waits before batch 2 (3 targets) in manual mode: tell it to proceed',
  ],
  [
    told({
      type: 'RolloutBraked',
      cause: { kind: 'budget', words: 'lost 3 - written off 0 = 3 >= limit 3', numbers: { lost: 3, limit: 3 } },
    }),
    TYPES.braked,
    'critical',
    'hello 2.0.0 on web is braked: lost 3 - written off 0 = 3 >= limit 3; look at what failed, then retry, exclude the host, override with a reason, cancel or roll back',
  ],
  [
    told({ type: 'BrakeReleased', by: 'override', reason: 'known bad disk' }),
    TYPES.brakeReleased,
    'warning',
    'hello 2.0.0 on web: the brake was released by override of ana (known bad disk); it goes on',
  ],
  [
    told({ type: 'RolloutPaused' }),
    TYPES.paused,
    'warning',
    'hello 2.0.0 on web was paused by ana; resume it to go on',
  ],
  [told({ type: 'RolloutResumed' }), TYPES.resumed, 'info', 'hello 2.0.0 on web was resumed by ana'],
  [
    told({ type: 'StagePassed', stage: 4 }),
    TYPES.stagePassed,
    'info',
    'hello 2.0.0 on web: batch 4 (2 targets) passed, stage 5 of 5',
  ],
  [
    told({ type: 'RolloutSucceeded', counts: { ...counts, done: 12, failed: 0, unknown: 0 } }),
    TYPES.succeeded,
    'info',
    'hello 2.0.0 on web succeeded: 12 done, 0 failed',
  ],
  [
    told({ type: 'RolloutFailed', counts, notServing: [3, 4, 5] }),
    TYPES.failed,
    'warning',
    'hello 2.0.0 on web ended with failures: 9 done, 2 failed, 1 unknown, 3 not serving; retry them, roll back or close it',
  ],
  [
    told({ type: 'RolloutCancelled', cause: 'superseded', counts, notServing: [3] }),
    TYPES.cancelled,
    'warning',
    'hello 2.0.0 on web was cancelled (superseded): 9 done, 2 failed, 1 unknown, 1 not serving; roll back to restore them',
  ],
  [
    told({ type: 'RolloutClosed', cause: 'closed', reason: 'done with it' }),
    TYPES.closed,
    'info',
    'hello 2.0.0 on web was closed (done with it)',
  ],
  [
    told({
      type: 'RollbackRequested',
      to: { rolloutId: id, version: '1.0.0' },
      targets: [0, 1, 2],
      down: [2],
      ordinal: 1,
    }),
    TYPES.rollbackRequested,
    'warning',
    'hello 2.0.0 on web is rolled back to 1.0.0: 3 targets to restore, 1 not serving',
  ],
  [
    told(gate, 'gate'),
    TYPES.gateFailed,
    'warning',
    'hello 2.0.0 on web: gate ready failed at stage 1: 1 of 1 not ready > limit 0: h01 runs 1.0.0 (3 heartbeats); the rollout is braked for it',
  ],
  [
    told({ type: 'LeaseDropped', rolloutId: id, reason: 'superseded by another' }, 'group', group),
    TYPES.dropped,
    'warning',
    `rollout ${id} on web was dropped before it started (superseded by another); publish its request again if it is still wanted`,
  ],
  [
    told({ type: 'HostExcluded', host: 'h07', reason: 'disk' }, 'group', group),
    TYPES.hostExcluded,
    'warning',
    'h07 was excluded from web by ana (disk); it gets no commands until it is included again',
  ],
  [
    told({ type: 'HostIncluded', host: 'h07', reason: 'mended' }, 'group', group),
    TYPES.hostIncluded,
    'info',
    'h07 was included in web again by ana (mended)',
  ],
  [
    told({ type: 'VersionBlocked', version: '2.0.0', reason: 'rolled back', rolloutId: id }, 'group', group),
    TYPES.versionBlocked,
    'warning',
    'version 2.0.0 is blocked on web by ana (rolled back); a request for it is refused until it is unblocked',
  ],
  [
    told({ type: 'VersionUnblocked', version: '2.0.0', reason: 'fixed' }, 'group', group),
    TYPES.versionUnblocked,
    'info',
    'version 2.0.0 is no longer blocked on web, by ana (fixed)',
  ],
];

const TABLE = ROWS.map(([event, type, severity, text]) => ({ event, type, severity, text }));

describe('notificationOf', () => {
  it.each(TABLE)('TAR-07 tells $event.event.type as $type, $severity', ({ event, type, severity, text }) => {
    const notification = notificationOf(event, { plan, group: 'web', app: 'hello' });
    expect(isNotable(event.event)).toBe(true);
    expect(notification?.type).toBe(type);
    expect(notification?.data).toMatchObject({ severity, text, actor: { id: 'ana', kind: 'user' }, position: 1_234 });
    expect(parseNotification(JSON.parse(JSON.stringify(notification)))).toEqual(notification);
  });

  it('TAR-07 has a row for every type of the schema', () => {
    expect(
      new Set([...[...ROWS, ...SHIFT_ROWS].map(([, type]) => type), ...RAMP_ROWS.map(({ type }) => type)]),
    ).toEqual(new Set(Object.values(TYPES)));
  });

  it('names the event of the log, its place and its rollout', () => {
    const notification = notificationOf(told({ type: 'RolloutStarted', token: 7 }), { plan });
    expect(notification).toMatchObject({
      specversion: '1.0',
      id: '01ARZ3NDEKTSV4RRFFQ69G5FAV.2',
      source: `/sluice/exec/${id}`,
      subject: id,
      time: '2026-01-01T00:00:00.000Z',
      sequence: '0000000000001234.0002',
      data: { app: 'hello', group: 'web', version: '2.0.0', rolloutId: id, state: 'running' },
    });
  });

  it('TRS-15 leads from a brake or a failure to the targets that failed', () => {
    const cause = { kind: 'budget', words: 'x', numbers: {} } as const;
    const detailsOf = (event: DomainEvent): unknown => notificationOf(told(event), { plan })?.data.details;
    const link = { failed: `/v1/rollouts/${plan.rolloutId}/targets?phase=failed` };
    expect(detailsOf({ type: 'RolloutBraked', cause })).toMatchObject(link);
    expect(detailsOf({ type: 'RolloutFailed', counts, notServing: [] })).toMatchObject(link);
  });

  it('tells what the log says even when the plan is lost', () => {
    const notification = notificationOf(told({ type: 'StagePassed', stage: 4 }), {});
    expect(parseNotification(notification).data.text).toBe(
      'unknown (version unknown) on unknown: stage 5 passed, stage 5 of 0',
    );
  });

  it.each<DomainEvent>([
    { type: 'StepSucceeded', target: 1, step: 'drain', n: 1, ms: 5 },
    { type: 'StageEntered', stage: 1 },
    { type: 'GatesRequested', stage: 0, round: 1, gates: ['settled'], passNotBefore: 0 },
    { ...gate, verdict: 'inconclusive' },
    { ...gate, shadow: true },
    { type: 'SideSeen', side: 'flop', services: [{ service: 'web', desired: 3, created: 3, ready: 2 }] },
    { type: 'SideScaleOrdered', stage: 0, side: 'flop', services: [{ service: 'web', desired: 3 }] },
    { type: 'LeaseGranted', rolloutId: id, token: 1 },
    { type: 'NoticeDelivered', notificationId: 'x.0', notificationType: TYPES.started, severity: 'info', position: 1 },
  ])('is silent about $type', (event) => {
    expect(isNotable(event)).toBe(false);
    expect(notificationOf(told(event), { plan })).toBeUndefined();
  });

  it('never tells a secret of the plan, of a fault or of a failure', () => {
    const events: DomainEvent[] = [
      ...TABLE.map(({ event }) => event.event),
      {
        type: 'RolloutBraked',
        cause: { kind: 'canary', words: `download failed from ${url}, password=hunter2`, numbers: {} },
      },
      { type: 'RolloutPaused', reason: 'Authorization: Bearer hunter2' },
    ];
    const texts = events.map((event) => JSON.stringify(notificationOf(told(event), { plan })));
    expect(texts.filter((text) => /hunter2|token=|API_KEY/.test(text))).toEqual([]);
  });
});

describe('rolloutOf', () => {
  it.each<[DomainEvent, Writer, string, string | undefined]>([
    [{ type: 'StagePassed', stage: 1 }, 'exec', id, id],
    [{ type: 'VersionBlocked', version: '1', reason: 'x', rolloutId: id }, 'group', group, id],
    [{ type: 'VersionBlocked', version: '1', reason: 'x' }, 'group', group, undefined],
    [{ type: 'HostExcluded', host: 'h', reason: 'x' }, 'group', group, undefined],
    [{ type: 'RequestRefused', requestId: 'r', faults: [], documentHash: '' }, 'plan', id, undefined],
  ])('%j on %s', (event, writer, streamId, rollout) => {
    expect(rolloutOf(told(event, writer, streamId))).toBe(rollout);
  });
});

it('a service tells in its own name', () => {
  const event = { ...told({ type: 'RolloutPaused' }), meta: { by: serviceActor('executor'), cause: '', corr: '' } };
  expect(notificationOf(event, { plan })?.data.actor).toEqual({ id: 'executor', kind: 'service' });
});
