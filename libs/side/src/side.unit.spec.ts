import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { WeightDocument } from './document.js';
import { bucketOf, BUCKETS, headersFor, pickSide, SIDE_HEADER, sideOf } from './side.js';

const documentOf = (weights: Readonly<Record<string, number>>, version = 1): WeightDocument => ({
  v: 1,
  group: 'search',
  version,
  weights,
  rolloutId: null,
  since: 1_763_737_200_000,
});

/** `flop` is the new side. */
const flopAt = (percent: number, version = 1): WeightDocument =>
  documentOf({ flip: 100 - percent, flop: percent }, version);

const STAGES = [0, 1, 5, 10, 25, 50, 75, 100];

/** Ids as programs make them: counted, in hexadecimal, and with a time in front. */
const idsOf: Record<string, (n: number) => string> = {
  counted: (n) => `req-${n}`,
  hexadecimal: (n) => (n * 2_654_435_761).toString(16).padStart(16, '0'),
  'with a time in front': (n) => `2025-11-21T15:00:00.${String(n % 1000).padStart(3, '0')}Z/${n}`,
};
const COUNT = 5000;

describe('the bucket of a request', () => {
  // The same vectors stand in README.md, for clients in other languages.
  it.each([
    ['req-1', 2698],
    ['req-2', 7465],
    ['01JD7Q3ZK5T8V9W2X4Y6ABCDEF', 9882],
    ['7f4df1b2-6c1e-4d0a-9b59-0d3a7c1f5e21', 3929],
    ['größe=12€', 9750],
  ])('of %s is %i', (id, bucket) => {
    expect(bucketOf(id)).toBe(bucket);
  });

  it('is one of ten thousand, whatever the id', () => {
    const isBucket = (n: number): boolean => Number.isInteger(n) && n >= 0 && n < BUCKETS;
    fc.assert(fc.property(fc.uint16Array(), (units) => isBucket(bucketOf(String.fromCharCode(...units)))));
  });
});

describe('the picked side', () => {
  it.each(Object.keys(idsOf))('has its weight of ids that are %s', (kind) => {
    const ids = Array.from({ length: COUNT }, (_, n) => idsOf[kind]?.(n) ?? '');
    for (const percent of STAGES) {
      const share = percent / 100;
      const picked = ids.filter((id) => pickSide(flopAt(percent), id) === 'flop').length;
      // Five standard deviations of so many throws; none at 0 and at 100.
      const bound = 5 * Math.sqrt(COUNT * share * (1 - share));
      expect(Math.abs(picked - COUNT * share), `${percent} percent`).toBeLessThanOrEqual(bound);
    }
  });

  it('is the same in whatever order the document names the sides', () => {
    fc.assert(
      fc.property(fc.string(), fc.integer({ min: 0, max: 100 }), (id, percent) => {
        const [one, other] = [
          { flip: 100 - percent, flop: percent },
          { flop: percent, flip: 100 - percent },
        ];
        return pickSide(documentOf(one), id) === pickSide(documentOf(other), id);
      }),
    );
  });

  it('SWB-06 nobody leaves a side whose weight rises, whichever of the two it is', () => {
    const name = fc.stringMatching(/^[A-Za-z0-9_][A-Za-z0-9._@+~-]{0,8}$/);
    const sides = fc.uniqueArray(name, { minLength: 2, maxLength: 2 });
    const weights = fc.tuple(fc.integer({ min: 0, max: 100 }), fc.integer({ min: 0, max: 100 }));
    fc.assert(
      fc.property(sides, weights, fc.string(), ([rising = '', falling = ''], [a, b], id) => {
        const [low, high] = [Math.min(a, b), Math.max(a, b)];
        const at = (weight: number): string => pickSide(documentOf({ [rising]: weight, [falling]: 100 - weight }), id);
        return at(low) !== rising || at(high) === rising;
      }),
      { numRuns: 1000 },
    );
  });

  it('moves only whom the weight moves, step by step to 100 and back', () => {
    const ids = Array.from({ length: 2000 }, (_, n) => `req-${n}`);
    const onFlop = (percent: number): Set<string> =>
      new Set(ids.filter((id) => pickSide(flopAt(percent), id) === 'flop'));
    for (const [n, percent] of STAGES.entries()) {
      const [before, after] = [onFlop(STAGES[n - 1] ?? 0), onFlop(percent)];
      expect([...before].filter((id) => !after.has(id))).toEqual([]);
    }
    expect(onFlop(0).size).toBe(0);
    expect(onFlop(100).size).toBe(ids.length);
  });
});

describe('the side of a request', () => {
  it('SWB-19 is the one that its header names, also a dark one', () => {
    const dark = flopAt(0);
    expect(pickSide(dark, 'req-1')).toBe('flip');
    expect(sideOf({ [SIDE_HEADER]: 'flop' }, dark, 'req-1')).toBe('flop');
    expect(sideOf({ 'X-Sluice-Side': 'flop' }, dark, 'req-1')).toBe('flop');
    expect(sideOf(new Headers({ 'X-Sluice-Side': 'flop' }), dark, 'req-1')).toBe('flop');
    expect(sideOf({ [SIDE_HEADER]: ['flop'] }, dark, 'req-1')).toBe('flop');
    expect(sideOf(headersFor('flop'), dark, 'req-1')).toBe('flop');
  });

  it.each([
    ['nothing', {}],
    ['another header', { 'x-side': 'flop' }],
    ['no value', { [SIDE_HEADER]: undefined }],
    ['an empty value', { [SIDE_HEADER]: '' }],
    ['a side of another group', { [SIDE_HEADER]: 'green' }],
    ['a name in other case', { [SIDE_HEADER]: 'Flop' }],
    ['what every object has', { [SIDE_HEADER]: 'constructor' }],
    ['two values in one', { [SIDE_HEADER]: 'flop, flip' }],
    ['two values', { [SIDE_HEADER]: ['flop', 'flip'] }],
    ['nothing in Headers', new Headers()],
  ])('is picked when the request carries %s', (_, headers) => {
    expect(sideOf(headers, flopAt(0), 'req-1')).toBe('flip');
    expect(sideOf(headers, flopAt(100), 'req-1')).toBe('flop');
  });
});

describe('four services', () => {
  const REQUESTS = 100_000;
  /** 1, 5, 10, 25, 50, 75, 100, and back to 0 in one publish, spread over the requests. */
  const published = [...STAGES, 0].map((percent, n) => flopAt(percent, n + 1));
  /** The document that is out when so many requests have been made. */
  const documentAt = (tick: number): WeightDocument =>
    published[Math.min(Math.max(0, Math.floor((tick * published.length) / REQUESTS)), published.length - 1)] ??
    flopAt(0);

  /** By how many requests each is behind with the weights. */
  const DELAYS = [0, 700, 2500, 9000];

  /** A real hop: it takes the side from the headers, or picks it by the weights that it knows, and calls the next. */
  const hops = DELAYS.map((delay) => (tick: number, headers: Readonly<Record<string, string>>, id: string) => {
    return headersFor(sideOf(headers, documentAt(tick - delay), id));
  });

  /** Each service is the first hop of some requests, and the weights may change between two hops. */
  function walk(id: string, tick: number, carry = true): string[] {
    let headers: Record<string, string> = {};
    return hops.map((_, n) => {
      const call = hops[(tick + n) % hops.length] ?? unplanned;
      headers = call(tick + n * 50, carry ? headers : {}, id);
      return headers[SIDE_HEADER] ?? unplanned();
    });
  }

  it('SWB-06 serve 100,000 requests while weights change, each from one side', () => {
    const walks = Array.from({ length: REQUESTS }, (_, tick) => walk(`req-${tick}`, tick));
    const mixed = walks.filter(([first, ...others]) => others.some((side) => side !== first));
    expect(mixed.length).toBe(0);
    // The first hops' shares add up to what the documents that they knew said.
    const known = (tick: number): number => documentAt(tick - (DELAYS[tick % DELAYS.length] ?? 0)).weights['flop'] ?? 0;
    const expected = walks.reduce((sum, _, tick) => sum + known(tick) / 100, 0);
    const onFlop = walks.filter(([first]) => first === 'flop').length;
    expect(Math.abs(onFlop - expected)).toBeLessThan(5 * Math.sqrt(REQUESTS / 4));
  });

  it('would mix many requests if none carried its side', () => {
    const ticks = Array.from({ length: REQUESTS / 20 }, (_, n) => n * 20);
    const mixed = ticks.filter((tick) => new Set(walk(`req-${tick}`, tick, false)).size > 1);
    expect(mixed.length).toBeGreaterThan(ticks.length / 100);
  });
});

function unplanned(): never {
  throw new Error('a hop is missing');
}
