import type { DomainEvent, Plan, Writer } from '@sluice/contracts';
import type { CommitView } from '@sluice/gateway';
import { describe, expect, it } from 'vitest';

import { lengthOf, offsetOf } from './time.js';
import { formatLine, renderTimeline, Timeline } from './timeline.js';

const HASH = 'cd'.repeat(32);
const START = 1_767_225_600_000;

const PLAN: Plan = {
  v: 1,
  rolloutId: 'r07-0123456789ABCDEFGHJKMNPQRS',
  requestId: 'req',
  app: 'hello',
  group: 'web',
  environment: 'production',
  strategy: 'canary',
  version: '3.1.0',
  spec: {
    app: 'hello',
    group: 'web',
    version: '3.1.0',
    artifact: { url: 'file:///a', sha256: HASH },
    profile: { kind: 'process', command: ['node'], stopGraceMs: 1 },
    verify: { path: '/', status: 200, successes: 1, intervalMs: 1, timeoutMs: 1 },
    ignoreVerify: false,
    drainWindowMs: 0,
  },
  targetCount: 7,
  canaries: 1,
  batches: [[3, 2]],
  budget: {
    members: 7,
    percent: 50,
    maxUnavailable: 3,
    failureLimit: 4,
    failureThresholdPercent: 50,
    extraFailures: 0,
    minServing: 0,
    advisory: false,
  },
  waits: { intervalMs: 30_000, tailIntervalMs: 30_000, tailFrom: 3, bakeMs: 60_000 },
  approvals: { batches: 'required' },
  mode: 'automatic',
  gates: ['settled'],
  onCanaryFailure: 'hold',
  leftOut: [],
  targetsHash: HASH,
  requestedBy: { id: 'ana', kind: 'user' },
  pollAfterMs: 5_000,
  attemptDeadlineMs: 60_000,
};

let position = 0;

function commit(after: number, by: string, ...events: DomainEvent[]): CommitView {
  const meta = { by: { id: by, kind: 'service' as const }, cause: 'c', corr: 'r' };
  position += 1;
  const writer: Writer = by === 'planner' ? 'plan' : 'exec';
  return {
    position,
    at: START + after,
    writer,
    stream: PLAN.rolloutId,
    rev: position,
    commit: `c${position}`,
    events: events.map((event) => ({ ...event, meta })),
  };
}

const ok = (target: number, step: 'verify' | 'enable' | 'download', note?: 'local'): DomainEvent => ({
  type: 'StepSucceeded',
  target,
  step,
  n: 1,
  ms: 10,
  ...(note === undefined ? {} : { note }),
});
const counts = { done: 0, skipped: 0, failed: 0, unknown: 0, excluded: 0, untouched: 0 };

const STORY: readonly CommitView[] = [
  commit(
    0,
    'planner',
    { type: 'PlanTargetsAdded', from: 0, targets: [1, 2, 3, 4, 5, 6, 7].map((n) => ({ host: `web-0${n}` })) },
    { type: 'RolloutPlanned', plan: PLAN, planHash: HASH },
  ),
  commit(
    100,
    'executor',
    { type: 'RolloutStarted', token: 4, rollbackTo: { rolloutId: PLAN.rolloutId, version: '2.0.0' } },
    { type: 'StageEntered', stage: 0 },
    { type: 'TargetsAdmitted', run: 'roll', targets: [0], deadline: 0 },
  ),
  commit(
    1_100,
    'executor',
    ok(0, 'download', 'local'),
    ok(0, 'verify'),
    { type: 'StageSettled', stage: 0, counts },
    { type: 'ApprovalRequested', approval: 'canary', planHash: HASH },
  ),
  commit(
    5_000,
    'bo',
    { type: 'ApprovalGranted', approval: 'canary', planHash: HASH, reason: 'graphs are flat' },
    { type: 'TargetsAdmitted', run: 'enable', targets: [0], deadline: 0 },
  ),
  commit(6_000, 'executor', { type: 'WaitStarted', wait: 'bake', stage: 0, until: START + 66_000 }),
  commit(70_000, 'executor', { type: 'StageEntered', stage: 1 }),
  commit(74_100, 'executor', ok(1, 'enable'), ok(2, 'enable'), ok(3, 'enable'), {
    type: 'StageSettled',
    stage: 1,
    counts,
  }),
  commit(75_000, 'executor', { type: 'StageEntered', stage: 2 }),
  commit(
    76_000,
    'executor',
    {
      type: 'StepFailed',
      target: 4,
      step: 'verify',
      n: 1,
      ms: 1_200,
      code: 'VERIFY_TIMEOUT',
      message: 'GET /health answered 500',
      serving: false,
    },
    {
      type: 'RolloutBraked',
      cause: {
        kind: 'budget',
        words: 'lost 3 >= limit 3 (A 3, T 4)',
        numbers: { lost: 3, limit: 3 },
        targets: [4, 5, 6],
      },
    },
  ),
  commit(80_000, 'bo', { type: 'RolloutSettling', cause: 'rollback', reason: 'bad build' }),
  commit(81_000, 'executor', {
    type: 'RolloutCancelled',
    cause: 'rollback',
    counts: { ...counts, done: 4, failed: 3 },
    notServing: [4, 5, 6],
  }),
];

describe('timeline', () => {
  it('tells why a rollout was braked, with the numbers', () => {
    const lines = renderTimeline(STORY);
    expect(lines).toMatchInlineSnapshot(`
      [
        " +00:00.0  planner       planned hello 3.1.0 in web: 7 hosts, canary web-01, batches 2 x 3; at most 3 of 7 unavailable, brake at 3 lost; plan cdcdcdcdcdcd, requested by ana",
        " +00:00.1  executor      started with lease token 4; a rollback would restore 2.0.0",
        " +00:00.1  executor      canary begins: 1 host: web-01",
        " +00:01.1  executor      canary: 1 of 1 verified and held, 1 without a download in 1.0 s",
        " +00:01.1  executor      waits for the approval "canary" of plan cdcdcdcdcdcd",
        " +00:05.0  bo            approved "canary" of plan cdcdcdcdcdcd: graphs are flat",
        " +00:05.0  bo            enables web-01",
        " +00:06.0  executor      canary is watched for 1m",
        " +01:10.0  executor      batch 1 begins: 3 hosts: web-02, web-03, web-04",
        " +01:14.1  executor      batch 1: 3 of 3 done in 4.1 s",
        " +01:15.0  executor      batch 2 begins: 3 hosts: web-05, web-06, web-07",
        " +01:16.0  executor      web-05: verify failed after 1.2 s: GET /health answered 500 [VERIFY_TIMEOUT]; it does not serve",
        " +01:16.0  executor      BRAKED: lost 3 >= limit 3 (A 3, T 4): web-05, web-06, web-07",
        " +01:20.0  bo            settles: rollback: bad build",
        " +01:21.0  executor      CANCELLED (rollback): 4 done, 3 failed; not serving: web-05, web-06, web-07",
      ]
    `);
  });

  it('is the same told as it goes', () => {
    const timeline = new Timeline();
    expect(STORY.flatMap((told) => timeline.add(told)).map(formatLine)).toEqual(renderTimeline(STORY));
  });

  it('tells what it can without the plan', () => {
    const lines = renderTimeline(STORY.slice(7));
    expect(lines[0]).toContain('stage 3 begins');
    expect(lines[1]).toContain('target 5: verify failed');
  });

  it('TAR-36 TAR-41 tells of each host what was gone on without: a source of its artifact, its balancer', () => {
    const lost = { url: 'https://fra.example/hello.tgz', code: 'DOWNLOAD_FAILED' };
    const lines = renderTimeline([
      ...STORY.slice(0, 1),
      commit(200, 'executor', {
        type: 'DrainSkipped',
        ...{ target: 1, n: 1, step: 'drain', dependency: 'main', words: 'forced open' },
      }),
      commit(300, 'executor', {
        type: 'StepSucceeded',
        ...{ target: 1, step: 'download', n: 1, ms: 5, source: 'https://store.example/hello.tgz', fellBack: [lost] },
      }),
    ]);
    expect(lines.slice(1).map((line) => line.slice(25))).toEqual([
      'web-02: drain without the balancer main: forced open',
      'web-02: downloaded from https://store.example/hello.tgz after https://fra.example/hello.tgz [DOWNLOAD_FAILED]',
    ]);
  });

  it.each([
    [340, '340 ms'],
    [4_100, '4.1 s'],
    [125_000, '2 m 05 s'],
    [11_220_000, '3 h 07 m'],
    [187_200_000, '2 d 04 h'],
  ])('writes %d ms as %s', (ms, text) => {
    expect(lengthOf(ms)).toBe(text);
  });

  it('writes places in time', () => {
    expect([0, 4_100, 62_000, 3_723_000].map(offsetOf)).toEqual(['+00:00.0', '+00:04.1', '+01:02.0', '+1:02:03']);
  });
});
