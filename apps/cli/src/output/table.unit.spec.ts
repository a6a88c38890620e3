import { describe, expect, it } from 'vitest';

import { pairs, table } from './table.js';

describe('tables', () => {
  it('line up', () => {
    expect(
      table(
        ['ID', 'STATE'],
        [
          ['r1', 'running'],
          ['longer', '-'],
        ],
      ),
    ).toEqual(['ID      STATE', 'r1      running', 'longer  -']);
  });

  it('leave out what has no value', () => {
    expect(
      pairs([
        ['a', '1'],
        ['long', undefined],
        ['bc', '2'],
      ]),
    ).toEqual(['a   1', 'bc  2']);
  });
});
