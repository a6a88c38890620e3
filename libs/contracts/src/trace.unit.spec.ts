import { describe, expect, it } from 'vitest';

import { readTraceparent, rolloutSpan, spanIdOf, stageSpan, traceparentOf } from './trace.js';

const text = `00-${'0af7651916cd43dd8448eb211c80319c'}-b7ad6b7169203331-01`;

describe('a traceparent', () => {
  it('is read and written', () => {
    const trace = readTraceparent(text);
    expect(trace).toEqual({
      traceId: '0af7651916cd43dd8448eb211c80319c',
      spanId: 'b7ad6b7169203331',
      sampled: true,
    });
    expect(trace === undefined ? '' : traceparentOf(trace)).toBe(text);
    expect(readTraceparent(text.replace(/1$/, '0'))?.sampled).toBe(false);
  });

  it.each([
    undefined,
    '',
    'ff' + text.slice(2),
    text.toUpperCase(),
    `${text}-more`,
    text.replace('0af7651916cd43dd8448eb211c80319c', '0'.repeat(32)),
    text.replace('b7ad6b7169203331', '0'.repeat(16)),
    'x'.repeat(10_000),
  ])('is none: %s', (bad) => {
    expect(readTraceparent(bad)).toBeUndefined();
  });

  it('has children with ids that every process derives alike', () => {
    const planned = readTraceparent(text);
    if (planned === undefined) throw new Error('no context');
    const ids = [rolloutSpan(planned, 'r1'), stageSpan(planned, 'r1', 0), stageSpan(planned, 'r1', 1)].map(
      ({ spanId }) => spanId,
    );
    expect(new Set(ids).size).toBe(3);
    expect(ids.every((id) => /^[0-9a-f]{16}$/.test(id))).toBe(true);
    expect(stageSpan(planned, 'r1', 1).spanId).toBe(spanIdOf('r1', 'stage', 1));
    expect(stageSpan(planned, 'r1', 1).traceId).toBe(planned.traceId);
  });
});
