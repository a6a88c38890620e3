import type { DependencyCommand, DependencyEvent } from '@sluice/contracts';
import { describe, expect, it } from 'vitest';

import { decideDependency, type DependencyInput, MAX_FORCED_MS } from './decide.js';
import { type DependencyState, evolveDependency, forcedAt, initialDependency, passageAt } from './state.js';

const NOW = 1_000_000;
const fold = (...events: readonly DependencyEvent[]): DependencyState =>
  events.reduce<DependencyState>((state, event) => evolveDependency(state, event, NOW), initialDependency());
const decide = (state: DependencyState, input: DependencyInput, now = NOW) =>
  decideDependency('main', state, input, now);
const say = (command: DependencyCommand, reason?: string): DependencyInput =>
  reason === undefined ? { type: 'command', command } : { type: 'command', command, reason };

const opened: DependencyEvent = { type: 'DependencyOpened', dependency: 'main', words: '5 of 5 calls failed' };
const half: DependencyEvent = { type: 'DependencyHalfOpened', dependency: 'main' };
const closed: DependencyEvent = { type: 'DependencyClosed', dependency: 'main' };
const forcedOpen: DependencyEvent = {
  type: 'DependencyForced',
  dependency: 'main',
  mode: 'open',
  until: NOW + 60_000,
  reason: 'it lies',
};

describe('the breaker of a dependency', () => {
  it('goes closed, open, half open, closed, and each move is one event', () => {
    expect(decide(fold(), { type: 'moved', to: 'open', words: '5 of 5 calls failed' })).toEqual([opened]);
    expect(decide(fold(opened), { type: 'moved', to: 'halfOpen', words: '' })).toEqual([half]);
    expect(decide(fold(opened, half), { type: 'moved', to: 'closed', words: '' })).toEqual([closed]);
    expect(
      [fold(), fold(opened), fold(opened, half), fold(opened, half, closed)].map(({ breaker }) => breaker),
    ).toEqual(['closed', 'open', 'halfOpen', 'closed']);
  });

  it('stays quiet on what another executor has told already, and never asks again of what is closed', () => {
    expect(decide(fold(opened), { type: 'moved', to: 'open', words: 'mine too' })).toEqual([]);
    expect(decide(fold(), { type: 'moved', to: 'halfOpen', words: '' })).toEqual([]);
    expect(decide(fold(opened, half), { type: 'moved', to: 'open', words: 'still' })).toHaveLength(1);
  });
});

describe('a forced mode', () => {
  it('TAR-43 one command forces it open, with a reason and an end', () => {
    const command = { type: 'force', mode: 'open', forMs: 60_000 } as const;
    expect(decide(fold(), say(command, 'it lies'))).toEqual([forcedOpen]);
    expect(() => decide(fold(), say(command))).toThrow(expect.objectContaining({ code: 'REASON_NEEDED' }));
    for (const forMs of [0, MAX_FORCED_MS + 1])
      expect(() => decide(fold(), say({ ...command, forMs }, 'x'))).toThrow(
        expect.objectContaining({ code: 'BAD_COMMAND' }),
      );
  });

  it('TAR-43 always ends by itself, and holds no longer even if nobody has said so yet', () => {
    const state = fold(forcedOpen);
    expect(decide(state, { type: 'tick' }, NOW + 59_999)).toEqual([]);
    expect(decide(state, { type: 'tick' }, NOW + 60_000)).toEqual([
      { type: 'DependencyReleased', dependency: 'main', by: 'expiry' },
    ]);
    expect(forcedAt(state, NOW + 59_999)?.mode).toBe('open');
    expect(forcedAt(state, NOW + 60_000)).toBeUndefined();
  });

  it('is released by a command with a reason, and only while it holds', () => {
    expect(decide(fold(forcedOpen), say({ type: 'release' }, 'repaired'))).toEqual([
      { type: 'DependencyReleased', dependency: 'main', by: 'command', reason: 'repaired' },
    ]);
    expect(() => decide(fold(), say({ type: 'release' }, 'x'))).toThrow(expect.objectContaining({ code: 'CONFLICT' }));
  });

  it('says what passes, before the breaker does', () => {
    expect(passageAt(fold(forcedOpen), NOW)).toBe('open');
    expect(passageAt(fold(opened, { ...forcedOpen, mode: 'closed' }), NOW)).toBe('closed');
    expect(passageAt(fold(opened, half), NOW)).toBe('probe');
    expect(passageAt(fold(opened), NOW)).toBe('open');
  });
});
