import type { GroupEvent } from '@sluice/contracts';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { CHECKPOINT_EVERY, checkpointOf } from './checkpoint.js';
import { decideGroup, type GroupInput } from './decide.js';
import { evolveGroup } from './evolve.js';
import { type GroupState, initialGroup } from './state.js';

const few = (prefix: string, max: number): fc.Arbitrary<string> =>
  fc.integer({ min: 1, max }).map((n) => `${prefix}${n}`);
const rollout = few('r', 300);
const version = few('v', 5);
const host = few('h', 5);
const strategy = fc.constantFrom('canary' as const, 'rolling' as const, 'rollback' as const, 'scaleOut' as const);

const inputs: fc.Arbitrary<GroupInput> = fc.oneof(
  fc.record({ type: fc.constant('request' as const), rolloutId: rollout, version, strategy }),
  fc.record({
    type: fc.constant('release' as const),
    rolloutId: rollout,
    outcome: fc.constantFrom('succeeded' as const, 'cancelled' as const),
    success: fc.record(
      { version, rolloutId: rollout, strategy, sha256: fc.constant('ab'), side: fc.constantFrom('blue', 'green') },
      { requiredKeys: ['version', 'rolloutId', 'strategy', 'sha256'] },
    ),
  }),
  fc.record({
    type: fc.constant('blockBad' as const),
    version,
    rolloutId: rollout,
    ordinal: fc.integer({ min: 1, max: 3 }),
  }),
  fc.record({ type: fc.constant('unblockBad' as const), rolloutId: rollout }),
  fc.record({
    type: fc.constant('command' as const),
    command: fc.oneof(
      fc.record({ type: fc.constantFrom('exclude' as const, 'include' as const), host }),
      fc.record({ type: fc.constantFrom('block' as const, 'unblock' as const), version }),
    ),
    reason: fc.constant('because'),
  }),
);

/** Decisions as the log would hold them, one commit each. */
function decidedBy(all: readonly GroupInput[], from = initialGroup()): readonly (readonly GroupEvent[])[] {
  let state = from;
  return all.flatMap((input) => {
    const events = decideGroup(state, input);
    state = events.reduce(evolveGroup, state);
    return events.length === 0 ? [] : [events];
  });
}

const folded = (commits: readonly (readonly GroupEvent[])[]): GroupState =>
  commits.flat().reduce(evolveGroup, initialGroup());

const hasCheckpoint = (commit: readonly GroupEvent[]): boolean =>
  commit.some(({ type }) => type === 'GroupCheckpointed');

describe('the checkpoint of a group', () => {
  it('replay from any checkpoint gives the state that replay from the beginning gives', () => {
    let checkpoints = 0;
    fc.assert(
      fc.property(fc.array(inputs, { minLength: 400, maxLength: 600, size: 'max' }), (all) => {
        const commits = decidedBy(all);
        const whole = folded(commits);
        for (const [at, commit] of commits.entries()) {
          if (!hasCheckpoint(commit)) continue;
          checkpoints += 1;
          expect(folded(commits.slice(at))).toEqual(whole);
        }
      }),
      { numRuns: 30 },
    );
    expect(checkpoints).toBeGreaterThan(10);
  });

  it('tells the whole state at any moment', () => {
    fc.assert(
      fc.property(fc.array(inputs, { maxLength: 60 }), (all) => {
        const state = folded(decidedBy(all));
        expect(evolveGroup(initialGroup(), checkpointOf(state))).toEqual({ ...state, since: 0 });
      }),
    );
  });

  it('comes with the decision that makes it due, and not again before as many events', () => {
    const toggles = Array.from({ length: 3 * CHECKPOINT_EVERY }, (_, i): GroupInput => {
      const type = i % 2 === 0 ? 'exclude' : 'include';
      return { type: 'command', command: { type, host: 'h1' }, reason: 'because' };
    });
    const commits = decidedBy(toggles);
    expect(commits.flatMap((commit, i) => (hasCheckpoint(commit) ? [i + 1] : []))).toEqual([
      CHECKPOINT_EVERY,
      2 * CHECKPOINT_EVERY,
      3 * CHECKPOINT_EVERY,
    ]);
    expect(commits.filter(hasCheckpoint).map((commit) => commit.map(({ type }) => type))).toContainEqual([
      'HostIncluded',
      'GroupCheckpointed',
    ]);
  });

  it('stays away when it would not fit a commit', () => {
    const reason = 'x'.repeat(2_000);
    const exclusions = Array.from({ length: 2 * CHECKPOINT_EVERY }, (_, i): GroupInput => ({
      type: 'command',
      command: { type: 'exclude', host: `h${i}` },
      reason,
    }));
    expect(decidedBy(exclusions).filter(hasCheckpoint)).toHaveLength(0);
  });
});
