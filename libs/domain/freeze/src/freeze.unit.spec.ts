import type { FreezeCommand, FreezeEvent, FreezeScope } from '@sluice/contracts';
import { isSluiceError } from '@sluice/kernel';
import { describe, expect, it } from 'vitest';

import { decideFreezes, type FreezesInput, MAX_FREEZE_MS, MAX_FREEZES } from './decide.js';
import { evolveFreezes, type FreezesState, freezeWords, heldAt, initialFreezes, nextChange } from './state.js';

const NOW = 1_800_000_000_000;
const HOUR = 3_600_000;
const subject = { environment: 'production', app: 'hello', group: 'hello-web' };

const said = (id: string, command: FreezeCommand, reason?: string): FreezesInput => ({
  type: 'command',
  id,
  command,
  ...(reason === undefined ? {} : { reason }),
});
const freeze = (scope: FreezeScope, until = NOW + HOUR, from?: number): FreezeCommand => ({
  type: 'freeze',
  scope,
  until,
  ...(from === undefined ? {} : { from }),
});

function after(...inputs: readonly FreezesInput[]): FreezesState {
  let state = initialFreezes();
  for (const input of inputs) for (const event of decideFreezes(state, input, NOW)) state = evolveFreezes(state, event);
  return state;
}

function codeOf(act: () => unknown): string {
  try {
    act();
  } catch (error) {
    if (isSluiceError(error)) return error.code;
  }
  return 'none';
}

describe('freezes', () => {
  it.each([
    [{ kind: 'all' }, true],
    [{ kind: 'environment', name: 'production' }, true],
    [{ kind: 'environment', name: 'test' }, false],
    [{ kind: 'app', name: 'hello' }, true],
    [{ kind: 'app', name: 'other' }, false],
    [{ kind: 'group', name: 'hello-web' }, true],
    [{ kind: 'group', name: 'hello' }, false],
  ] satisfies [FreezeScope, boolean][])('of %j hold for what they cover: %s', (scope, isHeld) => {
    const state = after(said('f1', freeze(scope), 'holidays'));
    expect(heldAt(state, subject, NOW).map((each) => each.freeze)).toEqual(isHeld ? ['f1'] : []);
  });

  it('hold from their begin until their end, whether or not the log says that they are over', () => {
    const state = after(said('f1', freeze({ kind: 'all' }, NOW + 2 * HOUR, NOW + HOUR), 'a window'));
    const held = (at: number): number => heldAt(state, subject, at).length;
    expect([NOW, NOW + HOUR - 1, NOW + HOUR, NOW + 2 * HOUR - 1, NOW + 2 * HOUR].map(held)).toEqual([0, 0, 1, 1, 0]);
    expect(nextChange(state, NOW)).toBe(NOW + HOUR);
    expect(nextChange(state, NOW + HOUR)).toBe(NOW + 2 * HOUR);
    expect(nextChange(state, NOW + 2 * HOUR)).toBeUndefined();
  });

  it('are told in words, the one that ends last first', () => {
    const state = after(
      said('f1', freeze({ kind: 'all' }), 'stop the line'),
      said('f2', freeze({ kind: 'group', name: 'hello-web' }, NOW + 2 * HOUR), 'an outage'),
    );
    expect(heldAt(state, subject, NOW).map(freezeWords)).toEqual([
      `group hello-web is frozen until ${new Date(NOW + 2 * HOUR).toISOString()}: an outage`,
      `everything is frozen until ${new Date(NOW + HOUR).toISOString()}: stop the line`,
    ]);
  });

  it('end by a command with a reason, or by the clock with an event', () => {
    const state = after(said('f1', freeze({ kind: 'all' }), 'stop the line'));
    expect(decideFreezes(state, said('f1', { type: 'lift' }, 'repaired'), NOW)).toEqual([
      { type: 'FreezeLifted', freeze: 'f1', by: 'command', reason: 'repaired' },
    ] satisfies FreezeEvent[]);
    expect(decideFreezes(state, { type: 'tick' }, NOW + HOUR - 1)).toEqual([]);
    expect(decideFreezes(state, { type: 'tick' }, NOW + HOUR)).toEqual([
      { type: 'FreezeLifted', freeze: 'f1', by: 'expiry' },
    ] satisfies FreezeEvent[]);
  });

  it('that make no sense are refused with what to do', () => {
    const state = after(said('f1', freeze({ kind: 'all' }), 'stop the line'));
    const refusals = [
      said('f2', freeze({ kind: 'all' })),
      said('f2', freeze({ kind: 'all' }), '  '),
      said('f2', freeze({ kind: 'all' }, NOW), 'over already'),
      said('f2', freeze({ kind: 'all' }, NOW + HOUR, NOW + 2 * HOUR), 'ends before it begins'),
      said('f2', freeze({ kind: 'all' }, NOW + MAX_FREEZE_MS + 1), 'for ever'),
      said('f1', freeze({ kind: 'all' }), 'the same again'),
      said('f9', { type: 'lift' }, 'unknown'),
    ].map((input) => codeOf(() => decideFreezes(state, input, NOW)));
    expect(refusals).toEqual([
      'REASON_NEEDED',
      'REASON_NEEDED',
      'BAD_COMMAND',
      'BAD_COMMAND',
      'BAD_COMMAND',
      'CONFLICT',
      'NOT_FOUND',
    ]);
  });

  it('are bounded in number', () => {
    const many = new Map(
      Array.from({ length: MAX_FREEZES }, (_, i) => [
        `f${i}`,
        { freeze: `f${i}`, scope: { kind: 'all' } as const, from: NOW, until: NOW + HOUR, reason: 'x' },
      ]),
    );
    expect(codeOf(() => decideFreezes(many, said('more', freeze({ kind: 'all' }), 'why'), NOW))).toBe('CONFLICT');
  });
});
