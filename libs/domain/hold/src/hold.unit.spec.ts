import type { HoldCommand, HoldEvent, HoldScope } from '@sluice/contracts';
import { describe, expect, it } from 'vitest';

import { decideHolds, evolveHolds, holdsOn, type HoldsState, holdWords, initialHolds, MAX_HOLDS } from './index.js';

const given = (...events: readonly HoldEvent[]): HoldsState => events.reduce(evolveHolds, initialHolds());
const placed = (hold: string, scope: HoldScope = { kind: 'all' }): HoldEvent => ({
  ...{ type: 'HoldPlaced', hold, scope, reason: 'a case' },
});
const said = (state: HoldsState, id: string, command: HoldCommand, reason = 'a case') =>
  decideHolds(state, { type: 'command', id, command, reason });
const place: HoldCommand = { type: 'place', scope: { kind: 'all' } };

describe('legal holds', () => {
  it('are placed and lifted with a reason', () => {
    expect(said(given(), 'case-1', place)).toEqual([placed('case-1')]);
    expect(said(given(placed('case-1')), 'case-1', { type: 'lift' }, ' closed ')).toEqual([
      { type: 'HoldLifted', hold: 'case-1', reason: 'closed' },
    ]);
    expect(given(placed('a'), { type: 'HoldLifted', hold: 'a', reason: 'r' }).size).toBe(0);
  });

  it.each([
    ['REASON_NEEDED', given(), place, ' '],
    ['CONFLICT', given(placed('case-1')), place, 'why'],
    ['NOT_FOUND', given(placed('case-2')), { type: 'lift' }, 'why'],
    ['BAD_COMMAND', given(), { type: 'place', scope: { kind: 'period', from: 2, until: 2 } }, 'why'],
    ['CONFLICT', given(...Array.from({ length: MAX_HOLDS }, (_, i) => placed(`h${i}`))), place, 'why'],
  ] as const)('are refused with %s', (code, state, command, reason) => {
    expect(() => said(state, 'case-1', command, reason)).toThrow(expect.objectContaining({ code }) as Error);
  });

  it('cover what they name, what overlaps their time, and what nobody knows the place of', () => {
    const subject = { id: 'r1', group: 'g', app: 'a', from: 100, to: 200 };
    const on = (scope: HoldScope, known: Partial<typeof subject> = subject): boolean =>
      holdsOn(given(placed('h', scope)), { id: 'r1', from: 100, to: 200, ...known }).length > 0;
    expect(on({ kind: 'all' })).toBe(true);
    expect([on({ kind: 'rollout', name: 'r1' }), on({ kind: 'rollout', name: 'r2' })]).toEqual([true, false]);
    expect([on({ kind: 'group', name: 'g' }), on({ kind: 'group', name: 'h' })]).toEqual([true, false]);
    expect([on({ kind: 'app', name: 'a' }), on({ kind: 'app', name: 'b' })]).toEqual([true, false]);
    expect([on({ kind: 'group', name: 'h' }, {}), on({ kind: 'app', name: 'b' }, {})]).toEqual([true, true]);
    const period = (from: number, until: number) => on({ kind: 'period', from, until });
    expect([period(0, 100), period(0, 101), period(200, 300), period(201, 300)]).toEqual([false, true, true, false]);
  });

  it('say what they are', () => {
    expect(holdWords({ hold: 'h', scope: { kind: 'group', name: 'g' }, reason: 'case 7' })).toBe('group g: case 7');
    expect(holdWords({ hold: 'h', scope: { kind: 'period', from: 0, until: 1 }, reason: 'r' })).toContain('1970');
  });
});
