import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { contradiction, DEFAULT_POLICY, type Heartbeat, MAX_EXAMPLES, read, type Reading, tally } from './index.js';

const policy = DEFAULT_POLICY.ready;
const beat = (receivedAt: number, running: string | null, serving = true): Heartbeat => ({
  receivedAt,
  running,
  serving,
});
const wanted = { version: '2.0.0', doneAt: 100 };
const after = (...beats: readonly Heartbeat[]): Reading | undefined =>
  beats.reduce<Reading | undefined>((reading, next) => read(reading, next, wanted), undefined);

describe('contradiction', () => {
  it.each([
    [beat(1, '2.0.0'), undefined],
    [beat(1, '1.0.0'), 'runs 1.0.0'],
    [beat(1, null, false), 'runs nothing'],
    [beat(1, '2.0.0', false), 'runs 2.0.0 but does not serve'],
  ])('%o: %s', (heartbeat, said) => {
    expect(contradiction(heartbeat, '2.0.0')).toBe(said);
  });
});

describe('read', () => {
  it('ignores what was received before the target was done', () => {
    expect(after(beat(99, '1.0.0'))).toBeUndefined();
  });

  it('counts contradictions in a row and forgets them when one agrees', () => {
    expect(after(beat(100, '1.0.0'), beat(101, null), beat(102, '1.0.0'))?.contradictions).toBe(3);
    expect(after(beat(100, '1.0.0'), beat(101, '2.0.0'), beat(102, '1.0.0'))?.contradictions).toBe(1);
  });

  it('counts the same heartbeat once', () => {
    const one = beat(100, '1.0.0');
    expect(after(one, one, one)?.contradictions).toBe(1);
  });
});

describe('tally', () => {
  const at = (now: number, ...targets: readonly [string, Reading | undefined][]) =>
    tally(
      targets.map(([host, reading]) => ({ host, reading })),
      { version: '2.0.0', policy, now },
    );

  it('names the worst first', () => {
    const result = at(
      200,
      ['h01', undefined],
      ['h02', after(beat(150, '1.0.0'))],
      ['h03', after(beat(150, '1.0.0'), beat(151, '1.0.0'), beat(152, '1.0.0'))],
      ['h04', after(beat(150, '2.0.0'))],
    );
    expect(result).toEqual({
      desired: 4,
      ready: 1,
      notReady: 1,
      doubtful: 1,
      silent: 1,
      examples: [
        { host: 'h03', says: 'runs 1.0.0', heartbeats: 3 },
        { host: 'h02', says: 'runs 1.0.0', heartbeats: 1 },
        { host: 'h01', says: 'is not heard of', heartbeats: 0 },
      ],
    });
  });

  it('does not take an old heartbeat for readiness, nor silence for health', () => {
    const later = 150 + policy.freshMs + 1;
    expect(at(later, ['h01', after(beat(150, '2.0.0'))])).toMatchObject({
      silent: 1,
      examples: [{ says: 'fell silent' }],
    });
    expect(at(later, ['h01', after(beat(150, null), beat(150, null), beat(150, null))])).toMatchObject({ notReady: 1 });
  });

  it('adds up, and names a bounded number of hosts', () => {
    const reading = fc.option(
      fc.record({
        last: fc.record({
          receivedAt: fc.nat(60_000),
          running: fc.constantFrom('1.0.0', '2.0.0', null),
          serving: fc.boolean(),
        }),
        contradictions: fc.nat(5),
      }),
      { nil: undefined },
    );
    fc.assert(
      fc.property(
        fc.array(fc.record({ host: fc.string(), reading }), { maxLength: 40 }),
        fc.nat(100_000),
        (targets, now) => {
          const { desired, ready, notReady, doubtful, silent, examples } = tally(targets, {
            version: '2.0.0',
            policy,
            now,
          });
          expect(desired).toBe(targets.length);
          expect(ready + notReady + doubtful + silent).toBe(desired);
          expect(examples.length).toBe(Math.min(MAX_EXAMPLES, desired - ready));
        },
      ),
    );
  });
});
