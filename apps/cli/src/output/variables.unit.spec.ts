import { describe, expect, it } from 'vitest';

import { chartText } from './variables.js';

const spec = {
  ...{ name: 'docker', type: 'string' as const, from: '1.6', to: '1.9', limits: {}, salt: '' },
  schedule: { kind: 'linear' as const, durationMs: 1_000 },
};

describe('a chart of a ramp', () => {
  it('TSU-11 the old line falls and the new one rises', () => {
    const points = Array.from({ length: 11 }, (_, i) => ({ at: i * 60_000, from: 100 - i * 10, to: i * 10, other: 0 }));
    const lines = chartText({ stepMs: 60_000, points }, { name: 'docker', spec }, { width: 40, height: 11 });
    expect(lines).toMatchInlineSnapshot(`
      [
        "docker: o 1.6  # 1.9",
        "100 |o         #",
        "    | o       #",
        "    |  o     #",
        "    |   o   #",
        "    |    o #",
        "    |     *",
        "    |    # o",
        "    |   #   o",
        "    |  #     o",
        "    | #       o",
        "  0 |#         o",
        "    +-----------",
        "     - to 1970-01-01T00:10:00Z: 0 at 1.6, 100 at 1.9",
      ]
    `);
    const rowsOf = (mark: string): number[] =>
      Array.from({ length: 11 }, (_, column) =>
        lines.slice(1, 12).findIndex((line) => [mark, '*'].includes(line[5 + column] ?? '')),
      );
    expect(rowsOf('o')).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
    expect(rowsOf('#')).toEqual([10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0]);
  });

  it('says so when there is nothing', () => {
    expect(chartText({ stepMs: 1, points: [] }, { name: 'x', spec }, { width: 40, height: 5 })).toEqual([
      'x: nothing to show',
    ]);
  });
});
