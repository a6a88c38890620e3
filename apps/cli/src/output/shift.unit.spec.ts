import type { PlanPreview } from '@sluice/contracts';
import type { GroupPage, RolloutDetail, RolloutReport } from '@sluice/gateway';
import { expect, it } from 'vitest';

import { SHIFT_PLAN } from '../timeline/shift.suite.js';
import { groupText, previewText, reportText, rolloutsTable, rolloutText } from './rollouts.js';

const NOW = 1_767_225_600_000;
const HASH = 'cd'.repeat(32);
const on = (ready: number) => ['index', 'web'].map((service) => ({ service, desired: 25, created: 25, ready }));

const ROLLOUT: RolloutDetail = {
  ...{ id: 'r07-X', app: 'search', group: 'search', version: '3.1.0', strategy: 'traffic', state: 'running' },
  ...{ planHash: HASH, targets: 0, mode: 'automatic', awaitsProceed: false, rev: 9, plan: SHIFT_PLAN, batches: [] },
  counts: { done: 0, skipped: 0, failed: 0, unknown: 0, excluded: 0, untouched: 0, inStep: 0, held: 0 },
  stage: { index: 1, name: 'weight 5', of: 4 },
  budget: { members: 0, maxUnavailable: 1, failureLimit: 1, extraFailures: 0, unavailable: 0, lost: 0 },
  wait: { kind: 'dwell', stage: 1, until: NOW + 45_000 },
  actions: ['pause', 'cancel', 'rollback', 'setWeight'],
  frozen: [{ freeze: 'f-1', until: NOW + 60_000, words: 'holidays, by ana' }],
  traffic: {
    old: { name: 'flip', weight: 95, services: on(25), capacityHours: 10 },
    new: { name: 'flop', weight: 5, services: on(24), capacityHours: 2.5 },
    weights: { flip: 95, flop: 5 },
    version: 7,
    wanted: { flip: 75, flop: 25 },
    short: ['index: ready 24 of 25'],
    stages: [],
    pauses: { count: 2, ms: 180_000 },
  },
  ...{ plannedAt: NOW, startedAt: NOW, endedAt: 0 },
};

it('SWB-01 SWB-10 SWB-14 SWB-20 a rollout that shifts traffic is shown by weights, sides, what it waits for and what it cost', () => {
  expect(rolloutText(ROLLOUT, NOW)).toMatchInlineSnapshot(`
    [
      "rollout       r07-X (rev 9)",
      "what          search 3.1.0 to search (traffic)",
      "state         running",
      "stage         weight 5 (2 of 4)",
      "shift         from flip to flop by 5, 100 percent",
      "traffic       flip 95 %, flop 5 % (weights version 7); to be flip 75 %, flop 25 %",
      "live          both sides",
      "side flip     index 25 of 25 ready, web 25 of 25 ready",
      "side flop     index 24 of 25 ready, web 24 of 25 ready",
      "not ready     index: ready 24 of 25",
      "next gates    all the time: errors, latency (only records); to leave weight 5: errors; before weight 100: errors",
      "capacity      12.5 instance-hours (flip 10, flop 2.5)",
      "way back      sluice rollback r07-X: all weights back in one publish",
      "FROZEN        until 2026-01-01T00:01:00Z by f-1: holidays, by ana",
      "pauses        2 times, 3 m 00 s in all",
      "waits until   2026-01-01T00:00:45Z (dwell, 45.0 s left)",
      "artifact      file:///a sha256:cdcdcdcdcdcd",
      "plan          cdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcd, requested by user:ana",
      "planned       2026-01-01T00:00:00Z",
      "started       2026-01-01T00:00:00Z",
      "ended         -",
      "possible now  pause, cancel, rollback, setWeight",
    ]
  `);
  expect(rolloutsTable([ROLLOUT])[1]).toMatch(/running, frozen +weight 5 \(2\/4\) +5% flop/);
});

it('SWB-10 the way back is shown as long as it is offered', () => {
  expect(rolloutText({ ...ROLLOUT, actions: ['pause'] }).join('\n')).not.toContain('way back');
});

it('SWB-03 a preview shows the stages and the gates of each', () => {
  const preview = { plan: SHIFT_PLAN, planHash: HASH, batches: [] } as unknown as PlanPreview;
  expect(previewText(preview)).toMatchInlineSnapshot(`
    [
      "what   search 3.1.0 to search (traffic, production)",
      "shift  traffic from flip to flop by 5, 100 percent; flop first gets 25 percent of what flip has; each weight is watched for 1m; smoke tests at 0, 5; approval before 100; flip is retired 30s after 100",
      "plan   cdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcd",
      "",
      "STAGE       BEFORE            ALL THE TIME                    TO LEAVE IT",
      "pre-scale   -                 -                               -",
      "weight 5    errors            errors, latency (only records)  errors",
      "weight 100  approval, errors  errors, latency (only records)  errors",
      "retire      -                 -                               -",
    ]
  `);
});

it('SWB-14 SWB-20 a report tells pauses, how long each weight took, and capacity-hours', () => {
  const stage = { targets: 0, settledAt: null, ms: null };
  const report = {
    ...{ id: 'r07-X', state: 'succeeded', targets: 0, durationMs: 200_000, inventory: null, unreachable: null },
    ...{ notAtVersion: { count: 0, hosts: [] }, drifts: [], steps: [], brakes: [] },
    pauses: { count: 1, ms: 60_000, since: NOW },
    capacity: {
      hours: 12.5,
      sides: [
        { side: 'flip', hours: 10 },
        { side: 'flop', hours: 2.5 },
      ],
    },
    stages: [{ ...stage, stage: 1, name: 'weight 5', enteredAt: NOW, passedAt: NOW + 65_000 }],
  } as unknown as RolloutReport;
  const lines = reportText(report);
  expect(lines.find((line) => line.startsWith('paused'))).toBe(
    'paused    1 time, 1 m 00 s in all, and since 2026-01-01T00:00:00Z',
  );
  expect(lines.find((line) => line.startsWith('capacity'))).toBe('capacity  12.5 instance-hours (flip 10, flop 2.5)');
  expect(lines.at(-1)).toMatch(/^weight 5 .* 1 m 05 s$/);
});

it('SWB-01 SWB-19 a group shows its live side, and how the dark one is reached', () => {
  const group = {
    ...{ name: 'search', app: 'search', environment: 'production', versions: {}, active: null, waiting: null },
    ...{ exclusions: [], blocked: [], history: [], memberPage: { items: [], next: null } },
    sides: {
      ...{ names: ['flip', 'flop'], live: 'flip', dark: 'flop', weights: { flip: 100, flop: 0 }, version: 8 },
      ...{ since: NOW, movedBy: 'r07-X', moving: null, versions: { flip: '3.0.0', flop: null } },
      ...{ services: ['index', 'web'], capacity: 'cloud' },
    },
  } as unknown as GroupPage;
  expect(groupText(group).slice(0, 9)).toMatchInlineSnapshot(`
    [
      "group     search",
      "app       search (production)",
      "sides     flip (3.0.0), flop (nothing yet)",
      "live      flip",
      "dark      flop (reach it with the header x-sluice-side: flop)",
      "traffic   flip 100 %, flop 0 % (weights version 8)",
      "services  index, web",
      "rollout   -",
      "history   -",
    ]
  `);
});
