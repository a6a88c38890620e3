import type { DomainEvent, Plan, Writer } from '@sluice/contracts';
import type { CommitView } from '@sluice/gateway';
import { expect, it } from 'vitest';

import { SHIFT_PLAN } from './shift.suite.js';
import { renderTimeline } from './timeline.js';

const DAY = 86_400_000;
const { traffic: _, gateSpecs: __, ...plain } = SHIFT_PLAN;
const PLAN: Plan = {
  ...plain,
  ...{ strategy: 'ramp', version: '1.9', app: 'platform', group: 'docker', reason: 'kernel fix' },
  ramp: {
    fleet: 'backend',
    spec: {
      ...{ name: 'docker', type: 'string', from: '1.6', to: '1.9', salt: '' },
      schedule: { kind: 'linear', durationMs: 14 * DAY },
      limits: { login: { maxPercent: 30 } },
    },
  },
};
const COUNTS = { done: 0, skipped: 0, failed: 0, unknown: 0, excluded: 0, untouched: 0 };

const commit = (at: number, event: DomainEvent, by = 'executor', writer: Writer = 'exec'): CommitView => ({
  ...{ at, writer, stream: PLAN.rolloutId, position: at, rev: at, commit: `c${at}` },
  events: [{ ...event, meta: { by: { id: by, kind: 'user' }, cause: 'c', corr: 'req' } }],
});

const story = (...end: readonly CommitView[]): readonly CommitView[] => [
  commit(0, { type: 'RolloutPlanned', plan: PLAN, planHash: 'cd'.repeat(32) }, 'planner', 'plan'),
  commit(10, { type: 'RolloutStarted', token: 1 }),
  commit(10, { type: 'StageEntered', stage: 0 }),
  commit(20, { type: 'RampSeen', phase: 'ramping', to: 0, hosts: 1_000 }),
  ...end,
];

it('TSU-16 tells a ramp to its end: the value, how many hosts have it, and how long that took', () => {
  const told = renderTimeline(
    story(
      commit(7 * DAY, { type: 'RampSeen', phase: 'stopped', to: 500, hosts: 1_000, words: 'restarts 3% > 1%' }),
      commit(8 * DAY, { type: 'BrakeReleased', by: 'resume', reason: 'repaired' }, 'ana'),
      commit(15 * DAY, { type: 'RampSeen', phase: 'finished', to: 999, hosts: 1_000 }),
      commit(15 * DAY, { type: 'RolloutSucceeded', counts: COUNTS }),
    ),
  );
  expect(told).toMatchInlineSnapshot(`
    [
      " +00:00.0  planner       planned platform 1.9 in docker: backend/docker from 1.6 to 1.9, evenly over 14d; limits for login; plan cdcdcdcdcdcd, requested by ana: kernel fix",
      " +00:00.0  executor      started with lease token 1; a rollback brings the hosts back to 1.6, as fast as they came",
      " +00:00.0  executor      ramp begins",
      " +00:00.0  executor      the variable is ramping: 0 of 1000 hosts (0%)",
      "+168:00:00  executor      the variable is stopped: 500 of 1000 hosts (50%): restarts 3% > 1%",
      "+192:00:00  ana           brake released by resume: repaired",
      "+360:00:00  executor      the variable is finished: 999 of 1000 hosts (99%)",
      "+360:00:00  executor      SUCCEEDED: backend/docker is finished: 999 of 1000 hosts have 1.9, 15 d 00 h after it began",
    ]
  `);
});

it('TSU-18 tells one that is taken back, and one that no host has asked for', () => {
  const cancelled: DomainEvent = { type: 'RolloutCancelled', cause: 'rollback', counts: COUNTS, notServing: [] };
  const back = commit(DAY, { type: 'RampSeen', phase: 'reversing', to: 71, hosts: 1_000 });
  expect(renderTimeline(story(back, commit(DAY, cancelled))).slice(-2)).toMatchInlineSnapshot(`
    [
      "+24:00:00  executor      the variable is reversing: 71 of 1000 hosts (7%)",
      "+24:00:00  executor      CANCELLED (rollback): backend/docker is reversing: 71 of 1000 hosts have 1.9, 1 d 00 h after it began",
    ]
  `);
  const empty = commit(DAY, { type: 'RampSeen', phase: 'finished', to: 0, hosts: 0 });
  const end = commit(DAY, { type: 'RolloutSucceeded', counts: COUNTS });
  expect(renderTimeline(story(empty, end)).at(-1)).toMatchInlineSnapshot(
    `"+24:00:00  executor      SUCCEEDED: backend/docker is finished: no host has asked yet, 1 d 00 h after it began"`,
  );
  expect(renderTimeline([end], PLAN)).toMatchInlineSnapshot(`
    [
      " +00:00.0  executor      SUCCEEDED: backend/docker was not seen on its way",
    ]
  `);
});
