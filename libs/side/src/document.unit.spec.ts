import { describe, expect, it } from 'vitest';
import { parseWeights } from './document.js';

const good = {
  v: 1,
  group: 'search',
  version: 7,
  weights: { flip: 95, flop: 5 },
  rolloutId: 'r07-01JD7Q3ZK5T8V9W2X4Y6ABCDEF',
  since: 1_763_737_200_000,
};

describe('a document of weights', () => {
  it.each([
    ['as Sluice publishes it', good],
    ['of a person', { ...good, rolloutId: null }],
    ['whose sides are named in other ways', { ...good, weights: { _green: 95, 'Blue-2.0+b@eu': 5 } }],
    ['of which a side has nothing', { ...good, weights: { flop: 0, flip: 100 } }],
  ])('is taken %s', (_, document) => {
    expect(parseWeights(JSON.stringify(document))).toEqual(document);
  });

  it('may have fields that this client does not know', () => {
    expect(parseWeights(JSON.stringify({ ...good, token: 12, by: 'user:ana' }))).toEqual(good);
  });

  it.each<[string, unknown, RegExp]>([
    ['null', null, /no document of v 1/],
    ['a list', [], /no document of v 1/],
    ['a text', 'flip', /no document of v 1/],
    ['another v', { ...good, v: 2 }, /of v 2/],
    ['no group', { ...good, group: undefined }, /group/],
    ['a version as text', { ...good, version: '7' }, /version/],
    ['a broken version', { ...good, version: 7.5 }, /version/],
    ['a version below 0', { ...good, version: -1 }, /version/],
    ['no time', { ...good, since: null }, /since/],
    ['no rollout named', { ...good, rolloutId: undefined }, /rolloutId/],
    ['no weights', { ...good, weights: undefined }, /weights/],
    ['one side', { ...good, weights: { flip: 100 } }, /weights/],
    ['three sides', { ...good, weights: { flip: 50, flop: 50, flap: 0 } }, /weights/],
    ['a sum of 99', { ...good, weights: { flip: 95, flop: 4 } }, /sum to 100/],
    ['a weight below 0', { ...good, weights: { flip: 105, flop: -5 } }, /weights/],
    ['half a percent', { ...good, weights: { flip: 99.5, flop: 0.5 } }, /weights/],
    ['a weight as text', { ...good, weights: { flip: 95, flop: '5' } }, /weights/],
    ['a side with a line break', { ...good, weights: { flip: 95, 'flop\r\nx-admin: 1': 5 } }, /weights/],
    ['a side without a name', { ...good, weights: { flip: 95, '': 5 } }, /weights/],
    ['a side beyond ASCII', { ...good, weights: { flip: 95, grün: 5 } }, /weights/],
  ])('is refused with %s', (_, document, why) => {
    expect(() => parseWeights(JSON.stringify(document))).toThrow(why);
  });

  it.each(['', '<html>502</html>', '{"v":1,', 'NaN'])('is refused as %j', (text) => {
    expect(() => parseWeights(text)).toThrow(/JSON/);
  });
});
