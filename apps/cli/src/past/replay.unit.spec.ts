import { describe, expect, it } from 'vitest';

import type { CommitView } from '@sluice/gateway';

import { type Pace, replay } from './replay.js';
import { speedArgument } from './replaying.js';

const commit = (position: number, at: number): CommitView => ({
  ...{ position, at, writer: 'exec', stream: 'r', rev: position, commit: `c${position}`, events: [] },
});

const HISTORY = [commit(3, 1_000), commit(4, 1_000), commit(9, 3_000), commit(12, 603_000), commit(13, 602_000)];

/** Plays on a clock that only sleep moves; returns which commit was told when. */
async function played(pace: Partial<Pace>, { readMs = 0, abortAt = Infinity } = {}): Promise<[number, number][]> {
  let now = 50_000;
  const abort = new AbortController();
  const told: [number, number][] = [];
  const stage = {
    now: () => now,
    sleep: async (ms: number) => {
      expect(ms).toBeLessThanOrEqual(50);
      now += ms;
      if (now >= 50_000 + abortAt) abort.abort();
    },
    signal: abort.signal,
  };
  async function* history(): AsyncGenerator<CommitView> {
    for (const each of HISTORY) {
      now += readMs;
      yield each;
    }
  }
  await replay(history(), stage, { speed: 10, longestPause: 3_000, end: undefined, ...pace }, ({ position }) =>
    told.push([position, now - 50_000]),
  );
  return told;
}

describe('replay', () => {
  it('tells each commit in the order of the log, its pause shortened, and none longer than the longest', async () => {
    expect(await played({})).toEqual([
      [3, 0],
      [4, 0],
      [9, 200],
      [12, 3_200],
      [13, 3_200],
    ]);
    expect(await played({ speed: 0.5 })).toEqual([
      [3, 0],
      [4, 0],
      [9, 3_000],
      [12, 6_000],
      [13, 6_000],
    ]);
    expect(await played({ longestPause: 100_000 })).toEqual([
      [3, 0],
      [4, 0],
      [9, 200],
      [12, 60_200],
      [13, 60_200],
    ]);
    expect((await played({ speed: 'max' })).map(([, at]) => at)).toEqual([0, 0, 0, 0, 0]);
  });

  it('counts what reading takes as part of a pause', async () => {
    expect(await played({}, { readMs: 150 })).toEqual([
      [3, 150],
      [4, 300],
      [9, 500],
      [12, 3_500],
      [13, 3_650],
    ]);
  });

  it('ends at its last commit, that of an earlier time behind it included', async () => {
    const until = async (position: number, time: number): Promise<number[]> =>
      (await played({ end: { position, time } })).map(([told]) => told);
    expect(await until(4, 0)).toEqual([3, 4]);
    expect(await until(5, 0)).toEqual([3, 4]);
    expect(await until(4, 3_500)).toEqual([3, 4, 9]);
    expect(await until(13, 602_500)).toEqual([3, 4, 9, 12, 13]);
  });

  it('ends in the middle of a pause when it is interrupted', async () => {
    expect(await played({}, { abortAt: 1_000 })).toEqual([
      [3, 0],
      [4, 0],
      [9, 200],
    ]);
  });

  it('reads how fast', () => {
    expect(['10x', '0.5x', '3', 'max'].map(speedArgument)).toEqual([10, 0.5, 3, 'max']);
    for (const text of ['', 'x', '0x', '-1x', '1e3', 'fast', '99999999x'])
      expect(() => speedArgument(text)).toThrow(/10x/);
  });
});
