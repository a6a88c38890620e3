import type { Plan, PlanPreview } from '@sluice/contracts';
import { expect, it } from 'vitest';

import { previewText } from './rollouts.js';

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
