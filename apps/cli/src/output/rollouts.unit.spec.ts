import type { Plan, PlanPreview } from '@sluice/contracts';
import type { CommitView, RolloutReport } from '@sluice/gateway';
import { expect, it } from 'vitest';

import { timelineOf } from '../timeline/timeline.js';
import { previewText, reportText } from './rollouts.js';

const plan = {
  app: 'shop',
  version: '2.0.0',
  group: 'shop-web',
  strategy: 'rolling',
  environment: 'test',
  targetCount: 3,
  leftOut: [],
  budget: { maxUnavailable: 1, members: 3, failureLimit: 1 },
  spec: { profile: { kind: 'process', command: ['node', 'server.js'], stopGraceMs: 1 } },
} as unknown as Plan;
const batch = { name: 'batch 1', hosts: ['a', 'b', 'c'] };
const linesOf = (preview: Partial<PlanPreview>): readonly string[] =>
  previewText({ plan, planHash: 'abc', batches: [batch], ...preview }).filter((line) => line.startsWith('profile'));

it('TAR-05 a preview tells which hosts are installed in another way', () => {
  const profiles = [{ kind: 'exec', steps: { install: ['/opt/arm', '-q'] }, stepTimeoutMs: 1 }] as const;
  const preview = { plan: { ...plan, profiles }, batches: [{ ...batch, profiles: { b: 0, c: 0 } }] };
  expect(linesOf(preview)).toEqual([
    'profile    process node server.js: all other hosts',
    'profile 1  exec install /opt/arm -q: b, c',
  ]);
  expect(linesOf({})).toEqual([]);
});

it('TRS-16 TRS-19 a preview tells how long it takes and who was not heard of', () => {
  const estimate = { words: 'about 5m' } as NonNullable<PlanPreview['estimate']>;
  const expected = { estimate, unreachable: ['b'], unreachableCount: 1 };
  const lines = previewText({ plan, planHash: 'abc', batches: [batch], ...expected }).join('\n');
  expect(lines).toMatch(/takes +about 5m\nsilent +1 not heard of for 30s: b\n/);
});

it('TAR-12 a preview, a timeline and a report tell how old the inventory was, and why that will do', () => {
  const inventory = { source: 'cmdb', version: 7, fetchedAt: 1, ageMs: 90_000, note: 'it is being moved' } as const;
  const told = 'of the cmdb, version 7, 1 m 30 s old: it is being moved';
  const preview = previewText({ plan, planHash: 'abc', batches: [batch], inventory }).join('\n');
  expect(preview).toMatch(new RegExp(`inventory +${told}`));
  const whole = { ...plan, batches: [[3, 1]], canaries: 0, requestedBy: { id: 'ana', kind: 'user' } };
  const meta = { by: { id: 'planner', kind: 'service' }, cause: 'r', corr: 'r' };
  const planned = { type: 'RolloutPlanned', plan: whole, planHash: 'ab'.repeat(32), inventory, meta };
  const commit = { position: 1, at: 0, writer: 'plan', stream: 'r', rev: 1, commit: 'c', events: [planned] };
  expect(timelineOf([commit as unknown as CommitView])[0]?.text).toContain(`; inventory ${told}`);
  const notAtVersion = { count: 0, hosts: [] };
  const empty = {
    notAtVersion,
    drifts: [],
    steps: [],
    stages: [],
    brakes: [],
    durationMs: null,
    targets: 1,
    id: 'r',
    state: 'running',
  };
  expect(reportText({ ...empty, inventory } as unknown as RolloutReport).join('\n')).toContain(told);
});
