import { DEFAULT_COMPARISON, DEFAULT_LIMITS } from '@sluice/gating';
import { GATE_DEFAULTS } from '@sluice/planning';
import { expect, it } from 'vitest';

it('a request that says nothing is planned with the numbers that gates judge by: contexts share no code', () => {
  const { windowMs: _w, stepMs: _s, ...comparison } = GATE_DEFAULTS.comparison;
  expect(comparison).toEqual(DEFAULT_COMPARISON);
  expect(GATE_DEFAULTS.limits).toEqual(DEFAULT_LIMITS);
});
