import type { GroupCommand, GroupEvent } from '@sluice/contracts';
import { given } from '@sluice/testing';
import { describe, expect, it } from 'vitest';

import { decideGroup, type GroupInput } from './decide.js';
import { isProven, liveSideOf, redeployCandidates, rollbackTarget } from './history.js';
import { evolveGroup } from './evolve.js';
import { type GroupState, initialGroup } from './state.js';

const group = given<GroupState, GroupInput, GroupEvent>({
  initialState: initialGroup,
  decide: decideGroup,
  evolve: evolveGroup,
});
const request = (rolloutId: string, version = '2.0.0', strategy: 'canary' | 'rollback' = 'canary'): GroupInput => ({
  type: 'request',
  rolloutId,
  version,
  strategy,
});
const granted = (rolloutId: string, token: number): GroupEvent => ({ type: 'LeaseGranted', rolloutId, token });
const succeeded = (rolloutId: string, version: string, restores?: string): GroupEvent => ({
  type: 'VersionSucceeded',
  rolloutId,
  version,
  strategy: restores === undefined ? 'canary' : 'rollback',
  sha256: 'a',
  ...(restores === undefined ? {} : { restores }),
});

describe('the lease of a group', () => {
  it('is granted to the first who asks, with a token that grows', () => {
    group.when(request('r1')).then(granted('r1', 1));
    group
      .events(granted('r1', 4), { type: 'LeaseReleased', rolloutId: 'r1', outcome: 'succeeded' })
      .when(request('r2'))
      .then(granted('r2', 5));
  });

  it('is granted once to the same rollout', () => {
    group.events(granted('r1', 1)).when(request('r1')).thenNothing();
  });

  it('TRS-09 is waited for by the newer rollout, which gets it with a higher token only after the older let go', () => {
    const queued: GroupEvent = {
      type: 'LeaseQueued',
      rolloutId: 'r2',
      behind: 'r1',
      version: '3.0.0',
      strategy: 'canary',
    };
    group.events(granted('r1', 1)).when(request('r2', '3.0.0')).then(queued);
    group
      .events(granted('r1', 1), queued)
      .when({ type: 'release', rolloutId: 'r1', outcome: 'cancelled' })
      .then({ type: 'LeaseReleased', rolloutId: 'r1', outcome: 'cancelled' }, granted('r2', 2));
  });

  it('a third drops the second, which is told so even after a restart', () => {
    const queued: GroupEvent = {
      type: 'LeaseQueued',
      rolloutId: 'r2',
      behind: 'r1',
      version: '3.0.0',
      strategy: 'canary',
    };
    const outcome = group.events(granted('r1', 1), queued).when(request('r3'));
    outcome.then(
      { type: 'LeaseDropped', rolloutId: 'r2', reason: 'superseded by r3' },
      { type: 'LeaseQueued', rolloutId: 'r3', behind: 'r1', version: '2.0.0', strategy: 'canary' },
    );
    group
      .events(granted('r1', 1), queued, { type: 'LeaseDropped', rolloutId: 'r2', reason: 'superseded by r3' })
      .when(request('r2'))
      .thenNothing();
  });

  it('a blocked version does not start, unless it is a rollback to it', () => {
    const blocked = group.events({ type: 'VersionBlocked', version: '2.0.0', reason: 'it leaks' });
    expect(
      blocked
        .when(request('r1'))
        .then({ type: 'LeaseDropped', rolloutId: 'r1', reason: 'version 2.0.0 is blocked in this group: it leaks' }),
    ).toBeUndefined();
    blocked.when(request('r1', '2.0.0', 'rollback')).then(granted('r1', 1));
  });

  it('a version that was blocked while its rollout waited does not start either', () => {
    group
      .events(
        granted('r1', 1),
        { type: 'LeaseQueued', rolloutId: 'r2', behind: 'r1', version: '3.0.0', strategy: 'canary' },
        { type: 'VersionBlocked', version: '3.0.0', reason: 'no' },
      )
      .when({ type: 'release', rolloutId: 'r1', outcome: 'succeeded' })
      .then(
        { type: 'LeaseReleased', rolloutId: 'r1', outcome: 'succeeded' },
        { type: 'LeaseDropped', rolloutId: 'r2', reason: 'version 3.0.0 is blocked in this group: no' },
      );
  });
});

describe('blocked versions and excluded hosts', () => {
  it('a rollback blocks the bad version once; a person who unblocks it is not overruled; a cancelled rollback unblocks it', () => {
    const block: GroupInput = { type: 'blockBad', version: '3.0.0', rolloutId: 'r3', ordinal: 1 };
    const blocked: GroupEvent = {
      type: 'VersionBlocked',
      version: '3.0.0',
      rolloutId: 'r3',
      reason: 'rolled back from r3',
    };
    group.when(block).then(blocked);
    group.events(blocked).when(block).thenNothing();
    group.events(blocked, { type: 'VersionUnblocked', version: '3.0.0', reason: 'fixed' }).when(block).thenNothing();
    group
      .events(blocked)
      .when({ type: 'unblockBad', rolloutId: 'r3' })
      .then({ type: 'VersionUnblocked', version: '3.0.0', reason: 'its rollback was cancelled' });
  });

  it('another rollback of the same rollout blocks its version again, but takes over what a person blocked never', () => {
    const again: GroupInput = { type: 'blockBad', version: '3.0.0', rolloutId: 'r3', ordinal: 2 };
    const blocked: GroupEvent = {
      type: 'VersionBlocked',
      version: '3.0.0',
      rolloutId: 'r3',
      reason: 'rolled back from r3',
    };
    const unblocked: GroupEvent = { type: 'VersionUnblocked', version: '3.0.0', reason: 'its rollback was cancelled' };
    group.events(blocked, unblocked).when(again).then(blocked);
    group.events(blocked).when(again).then(blocked);
    group.events(blocked, blocked, unblocked).when(again).thenNothing();
    group.events({ type: 'VersionBlocked', version: '3.0.0', reason: 'it leaks' }).when(again).thenNothing();
  });

  it('TAR-34 the flag of an excluded host is its own: no lease and no success touches it', () => {
    const state = group
      .events({ type: 'HostExcluded', host: 'h1', reason: 'disk' }, granted('r1', 1), succeeded('r1', '1.0.0'), {
        type: 'LeaseReleased',
        rolloutId: 'r1',
        outcome: 'succeeded',
      })
      .state();
    expect(state.excluded).toEqual({ h1: 'disk' });
  });

  it('needs a reason, and saying it twice is saying it once', () => {
    const exclude: GroupInput = { type: 'command', command: { type: 'exclude', host: 'h1' }, reason: 'disk' };
    group.when({ type: 'command', command: { type: 'exclude', host: 'h1' } }).thenRefused('REASON_NEEDED');
    group.when(exclude).then({ type: 'HostExcluded', host: 'h1', reason: 'disk' });
    group.events({ type: 'HostExcluded', host: 'h1', reason: 'disk' }).when(exclude).thenNothing();
    group.when({ type: 'command', command: { type: 'include', host: 'h1' }, reason: 'new disk' }).thenNothing();
  });

  it('takes so many names and no more', { timeout: 60_000 }, () => {
    const names = (n: number) => Array.from({ length: n }, (_, i) => [`n${i}`, { reason: 'r' }] as const);
    const full: GroupState = {
      ...initialGroup(),
      excluded: Object.fromEntries(names(100_000).map(([name]) => [name, 'r'])),
      blocked: Object.fromEntries(names(10_000)),
    };
    const say =
      (command: GroupCommand): (() => unknown) =>
      () =>
        decideGroup(full, { type: 'command', command, reason: 'r' });
    expect(say({ type: 'exclude', host: 'more' })).toThrow(/100000 hosts are excluded/);
    expect(say({ type: 'block', version: 'more' })).toThrow(/10000 versions are blocked/);
    expect(say({ type: 'exclude', host: 'n7' })()).toEqual([]);
    expect(say({ type: 'include', host: 'n7' })()).toHaveLength(1);
  });
});

const history = (...events: GroupEvent[]): GroupState => group.events(...events).state();
const [A, B, C] = [succeeded('a', 'A'), succeeded('b', 'B'), succeeded('c', 'C')];
const spread = (rolloutId: string, version: string): GroupEvent =>
  ({ ...succeeded(rolloutId, version), strategy: 'scaleOut' }) as GroupEvent;
const blocked = (version: string): GroupEvent => ({ type: 'VersionBlocked', version, reason: 'bad' });

describe('TRS-08 the way back', () => {
  it.each([
    ['A, B, C fails: B', history(A, B), { version: 'C' }, 'b'],
    ['A, B, C succeeded: B, fixed when C started', history(A, B), { version: 'C' }, 'b'],
    ['A, B, scale-out of B: A', history(A, B, spread('s', 'B')), { strategy: 'scaleOut', version: 'B' }, 'a'],
    ['A, B, scale-out of B, then C fails: B', history(A, B, spread('s', 'B')), { version: 'C' }, 'b'],
    ['the first version ever: nothing', history(), { version: 'A' }, undefined],
    [
      'rolled back from C to B, and that taken back: A',
      history(A, B),
      { strategy: 'rollback', version: 'B', restores: 'b' },
      'a',
    ],
    ['after a rollback to A, C fails: A again', history(A, B, succeeded('x', 'A', 'a')), { version: 'C' }, 'x'],
    [
      'a rollback that restored a rollback to B, taken back: A',
      history(A, B, succeeded('x', 'B', 'b')),
      { strategy: 'rollback', version: 'B', restores: 'x' },
      'a',
    ],
    ['B is blocked: A', history(A, B, blocked('B')), { version: 'C' }, 'a'],
  ] as const)('%s', (_, state, starting, expected) => {
    expect(rollbackTarget(state, { strategy: 'canary', ...starting })?.rolloutId).toBe(expected);
  });
});

describe('versions that may be rolled out again', () => {
  it('TRS-07 are the last ten that succeeded and are not blocked, newest first', () => {
    const twelve = Array.from({ length: 12 }, (_, i) => succeeded(`r${i}`, `1.${i}.0`));
    const state = history(...twelve, succeeded('again', '1.3.0'), spread('s', '1.2.0'), blocked('1.11.0'));
    expect(redeployCandidates(state).map(({ version }) => version)).toEqual([
      '1.3.0',
      ...[10, 9, 8, 7, 6, 5, 4, 2, 1].map((i) => `1.${i}.0`),
    ]);
    expect(redeployCandidates(state)[0]?.rolloutId).toBe('again');
  });

  it('TAR-45 a version is proven by a success in this group, and no longer when it is blocked', () => {
    expect(isProven(history(A), 'A')).toBe(true);
    expect(isProven(history(A), 'B')).toBe(false);
    expect(isProven(history(A, blocked('A')), 'A')).toBe(false);
    expect(isProven(history(A, C), 'C')).toBe(true);
  });
});

describe('names that every object knows', () => {
  it('are versions and hosts like others: nobody has blocked or excluded them', () => {
    group.when(request('r1', 'constructor')).then(granted('r1', 1));
    const exclude = { type: 'command', command: { type: 'exclude', host: 'constructor' }, reason: 'bad disk' } as const;
    group.when(exclude).then({ type: 'HostExcluded', host: 'constructor', reason: 'bad disk' });
  });
});

describe('the live side of a group', () => {
  const shifted = (rolloutId: string, side: string): GroupEvent => ({
    type: 'VersionSucceeded',
    ...{ rolloutId, version: '2.0.0', strategy: 'traffic', sha256: 'a', side },
  });
  const after = (...events: readonly GroupEvent[]): string | undefined =>
    liveSideOf(events.reduce(evolveGroup, initialGroup()));

  it('SWB-01 is the side of the last success that shifted traffic', () => {
    expect(after(succeeded('r1', '1.0.0'))).toBeUndefined();
    expect(after(shifted('r1', 'green'), shifted('r2', 'blue'), succeeded('r3', '1.0.0'))).toBe('blue');
  });

  it('SWB-01 is told with the release of the lease', () => {
    const success = { version: '2.0.0', rolloutId: 'r1', strategy: 'traffic', sha256: 'a', side: 'green' } as const;
    group
      .events(granted('r1', 1))
      .when({ type: 'release', rolloutId: 'r1', outcome: 'succeeded', success })
      .then(shifted('r1', 'green'), { type: 'LeaseReleased', rolloutId: 'r1', outcome: 'succeeded' });
  });
});
