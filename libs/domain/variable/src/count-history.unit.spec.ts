import { describe, expect, it } from 'vitest';

import { emptyHistory, noteCounts, pointsUpTo } from './count-history.js';
import { DAY, HOUR, ramping, START, type World } from './fixtures/world.suite.js';
import { MAX_SERIES_POINTS, seriesOf } from './series.js';

function watched(world: World, until: number) {
  const history = emptyHistory();
  noteCounts(history, world.now, world.counts());
  world.play(until, () => noteCounts(history, world.now, world.counts()));
  return history;
}

describe('a picture that is kept as it grows', () => {
  it('TSU-11 is the one that the log gives', () => {
    const world = ramping({ web: 97, db: 4 }, { schedule: { kind: 'linear', durationMs: 10 * HOUR } });
    const history = watched(world, START + 8 * HOUR);
    const query = { variable: 'docker', from: START, to: START + 8 * HOUR, stepMs: 60_000 };
    expect(pointsUpTo(history, query.to)).toEqual(seriesOf(world.past, query));
  });

  it('can be of one role, in steps as wide as it takes, before there was anything too', () => {
    const world = ramping({ web: 30, db: 4 });
    world.play(START + 14 * DAY);
    const query = { variable: 'docker', from: START - DAY, to: START + 14 * DAY, stepMs: 60_000 };
    const { stepMs, points } = seriesOf(world.past, { ...query, role: 'db' });
    expect([stepMs, points.length]).toEqual([15 * 60_000, 1_441]);
    expect([points[0], points.at(-1)]).toEqual([
      { at: START - DAY, from: 0, to: 0, other: 0 },
      { at: START + 14 * DAY, from: 0, to: 4, other: 0 },
    ]);
    for (const bad of [{ stepMs: 0 }, { to: START - 2 * DAY }])
      expect(() => seriesOf([], { ...query, ...bad })).toThrow(expect.objectContaining({ code: 'BAD_SERIES' }));
  });

  it('takes as much room for two weeks as for a day, and still adds up', () => {
    const world = ramping({ web: 100 });
    const { stepMs, points } = pointsUpTo(watched(world, START + 14 * DAY), START + 40 * DAY);
    expect(points.length).toBeLessThanOrEqual(MAX_SERIES_POINTS);
    expect(points.length).toBeGreaterThan(MAX_SERIES_POINTS / 3);
    expect(points.map(({ at }) => at)).toEqual(points.map((_, i) => START + i * stepMs));
    const { points: exact } = seriesOf(world.past, { variable: 'docker', from: START, to: START + 40 * DAY, stepMs });
    expect(points).toEqual(exact);
  });
});
