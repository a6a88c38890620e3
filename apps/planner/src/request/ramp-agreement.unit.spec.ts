import { DEPLOY_REQUEST_SCHEMA } from '@sluice/contracts';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { describe, expect, it } from 'vitest';

import { SAMPLE_REQUEST } from './samples.js';
import { shapeFaults } from './shape.js';

const bySchema = new Ajv2020({ allErrors: true, strict: false }).compile(DEPLOY_REQUEST_SCHEMA);
const { artifact: _, ...bare } = SAMPLE_REQUEST;

const RAMP = {
  ...{ variable: 'docker', to: 2, from: true },
  over: [
    { after: '1d', percent: 0.5 },
    { after: '2d', percent: 100 },
  ],
  limits: { '*': { maxPercent: 30, minHosts: 1, maxHosts: 3, pace: { changes: 1, window: '1m' } } },
};
const withRamp = (ramp: unknown): unknown => ({ ...bare, strategy: 'ramp', ramp });

describe('the DTOs and the JSON Schema of a request that is a ramp', () => {
  it('accept the same documents, without bytes', () => {
    const valid = [
      withRamp(RAMP),
      withRamp({ variable: 'docker', over: '14d' }),
      { ...SAMPLE_REQUEST, strategy: 'ramp' },
      { ...SAMPLE_REQUEST, ramp: RAMP },
    ];
    for (const document of valid) {
      expect(shapeFaults(document), JSON.stringify(document)).toEqual([]);
      expect(bySchema(document), JSON.stringify(bySchema.errors)).toBe(true);
    }
  });

  it.each([
    ...[null, 7, 'docker', []].map((ramp) => withRamp(ramp)),
    ...[{}, { variable: 'docker' }, { over: '1d' }, { variable: 'a b', over: '1d' }].map((ramp) => withRamp(ramp)),
    ...[7, [], '2 weeks', [{ after: '1d' }], [{ after: '1d', percent: 101 }]].map((over) =>
      withRamp({ ...RAMP, over }),
    ),
    withRamp({ ...RAMP, to: { a: 1 } }),
    withRamp({ ...RAMP, limits: { 'a b': {} } }),
    withRamp({ ...RAMP, limits: { web: { pace: { changes: 0, window: '1m' } } } }),
    withRamp({ ...RAMP, more: 1 }),
  ])('refuse the same documents %#', (document) => {
    expect(shapeFaults(document), JSON.stringify(document)).not.toEqual([]);
    expect(bySchema(document)).toBe(false);
  });

  it.each([{}, { strategy: 'rolling' }, { strategy: 'traffic' }, { ramp: RAMP }, { strategy: 'ramps' }])(
    'everything else still needs its bytes, with the same fault: %j',
    (more) => {
      const document = { ...bare, ...more };
      expect(bySchema(document)).toBe(false);
      expect(shapeFaults(document)).toContainEqual({
        ...{ path: '/artifact', code: 'REQUIRED' },
        message: 'is missing: it must be an object',
      });
    },
  );
});
