import { describe, expect, it } from 'vitest';

import { explanationRows } from './text.js';

describe('an explanation in rows', () => {
  it('has what the rule asks for, and says where that is not the case', () => {
    const limitOf = (actual: number): unknown =>
      explanationRows({
        ...{ kind: 'failure', outcome: 'failed', rule: 'failure', inputs: {}, arithmetic: '' },
        threshold: { name: 'limit', op: '<', value: 2, actual },
      }).find(([name]) => name === 'limit')?.[1];
    expect(limitOf(1)).toBe('1 < limit 2');
    expect(limitOf(2)).toBe('2 < limit 2 does not hold');
  });
});
