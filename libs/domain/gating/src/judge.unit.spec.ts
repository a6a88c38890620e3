import { canonicalJson, decodeEvent, encodeEvent, type GateJudged, hashOf } from '@sluice/contracts';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import {
  DEFAULT_POLICY,
  type GateInputs,
  judge,
  judged,
  type ReadyInputs,
  rejudge,
  type SettledInputs,
} from './index.js';

const frame = { stage: 1, round: 1, at: 1_000, passNotBefore: 1_000, positions: { request: 40, exec: 41 } };
const zero = { done: 0, skipped: 0, failed: 0, unknown: 0, excluded: 0, untouched: 0 };

const settled = (counts: Partial<typeof zero>, more: Partial<SettledInputs> = {}): SettledInputs => ({
  ...frame,
  gate: 'settled',
  targets: 12,
  inStep: 0,
  counts: { ...zero, ...counts },
  ...more,
});

const ready = (more: Partial<ReadyInputs>): ReadyInputs => ({
  ...frame,
  gate: 'ready',
  policy: DEFAULT_POLICY.ready,
  version: '2.0.0',
  desired: 12,
  ready: 12,
  notReady: 0,
  doubtful: 0,
  silent: 0,
  examples: [],
  ...more,
});

const wrong = (host: string) => ({ host, says: 'runs 1.0.0', heartbeats: 3 });

const TABLE: readonly (readonly [string, GateInputs, string, string])[] = [
  [
    'settled with a failure',
    settled({ done: 11, failed: 1 }),
    'pass',
    '12 of 12 settled: 11 done, 1 failed, 0 in a step',
  ],
  ['all failed', settled({ failed: 12 }), 'pass', '12 of 12 settled: 0 done, 12 failed, 0 in a step'],
  [
    'every kind',
    settled({ done: 6, skipped: 3, failed: 1, unknown: 1, excluded: 1 }),
    'pass',
    '12 of 12 settled: 6 done, 3 skipped, 1 failed, 1 unknown, 1 excluded, 0 in a step',
  ],
  [
    'one in a step',
    settled({ done: 11 }, { inStep: 1 }),
    'inconclusive',
    '11 of 12 settled: 11 done, 0 failed, 1 in a step',
  ],
  [
    'one untouched',
    settled({ done: 11, untouched: 1 }),
    'inconclusive',
    '11 of 12 settled: 11 done, 0 failed, 0 in a step',
  ],
  [
    'settled in the bake',
    settled({ done: 12 }, { passNotBefore: 61_000 }),
    'inconclusive',
    '12 of 12 settled: 12 done, 0 failed, 0 in a step; watched until 1970-01-01T00:01:01.000Z',
  ],
  ['all ready', ready({}), 'pass', '12 of 12 ready'],
  ['none desired', ready({ desired: 0, ready: 0 }), 'pass', '0 of 0 ready'],
  [
    'ready in the bake',
    ready({ passNotBefore: 61_000 }),
    'inconclusive',
    '12 of 12 ready; watched until 1970-01-01T00:01:01.000Z',
  ],
  [
    'not ready in the bake fails at once',
    ready({
      passNotBefore: 61_000,
      ready: 10,
      notReady: 2,
      examples: [wrong('h03'), { host: 'h07', says: 'runs nothing', heartbeats: 4 }],
    }),
    'fail',
    '2 of 12 not ready > limit 0: h03 runs 1.0.0 (3 heartbeats), h07 runs nothing (4 heartbeats)',
  ],
  [
    'many not ready are named in part',
    ready({ ready: 0, notReady: 12, examples: ['h1', 'h2', 'h3', 'h4', 'h5'].map(wrong) }),
    'fail',
    '12 of 12 not ready > limit 0: h1 runs 1.0.0 (3 heartbeats), h2 runs 1.0.0 (3 heartbeats), h3 runs 1.0.0 (3 heartbeats), h4 runs 1.0.0 (3 heartbeats), h5 runs 1.0.0 (3 heartbeats) and 7 more',
  ],
  ['no data holds', ready({ ready: 0, silent: 12 }), 'inconclusive', '0 of 12 ready, 12 without a fresh heartbeat'],
  [
    'doubt holds',
    ready({ ready: 11, doubtful: 1, examples: [{ host: 'h03', says: 'runs 1.0.0', heartbeats: 1 }] }),
    'inconclusive',
    '11 of 12 ready, 1 in doubt: h03 runs 1.0.0 (1 heartbeats)',
  ],
  [
    'a limit forgives',
    ready({ ready: 11, notReady: 1, examples: [wrong('h03')], policy: { ...DEFAULT_POLICY.ready, limit: 1 } }),
    'pass',
    '11 of 12 ready, 1 not ready <= limit 1: h03 runs 1.0.0 (3 heartbeats)',
  ],
  [
    'facts cannot be read',
    ready({ ready: 0, silent: 12, problem: 'not connected' }),
    'error',
    'heartbeats cannot be read: not connected; the gate holds until they can',
  ],
];

describe('judge', () => {
  it.each(TABLE)('%s', (_, inputs, verdict, words) => {
    expect(judge(inputs)).toEqual({ verdict, words });
  });
});

const count = fc.nat(50);
const frames = fc.record({
  stage: count,
  round: count,
  at: fc.nat(10_000),
  passNotBefore: fc.nat(10_000),
  positions: fc.record({ request: count, exec: count }),
});
const settledInputs: fc.Arbitrary<GateInputs> = fc
  .tuple(
    frames,
    count,
    count,
    fc.record({ done: count, skipped: count, failed: count, unknown: count, excluded: count, untouched: count }),
  )
  .map(([f, targets, inStep, counts]) => ({ ...f, gate: 'settled', targets, inStep, counts }));
const readyInputs: fc.Arbitrary<GateInputs> = fc
  .tuple(
    frames,
    fc.array(fc.nat(4), { minLength: 5, maxLength: 5 }),
    fc.option(fc.string({ maxLength: 10 }), { nil: undefined }),
  )
  .map(([f, [good = 0, bad = 0, doubtful = 0, silent = 0, limit = 0], problem]) => ({
    ...f,
    gate: 'ready',
    policy: { ...DEFAULT_POLICY.ready, limit },
    version: '2.0.0',
    desired: good + bad + doubtful + silent,
    ready: good,
    notReady: bad,
    doubtful,
    silent,
    examples: bad > 0 ? [wrong('h03')] : [],
    ...(problem === undefined ? {} : { problem }),
  }));
const anyInputs = fc.oneof(settledInputs, readyInputs);

describe('a verdict', () => {
  it('never passes before its time', () => {
    fc.assert(
      fc.property(anyInputs, (inputs) => {
        const { verdict } = judge(inputs);
        expect(verdict === 'pass' && inputs.at < inputs.passNotBefore).toBe(false);
      }),
    );
  });

  it('does not depend on the time when it fails', () => {
    fc.assert(
      fc.property(anyInputs, fc.nat(20_000), (inputs, at) => {
        const before = judge(inputs);
        expect(before.verdict === 'fail' ? judge({ ...inputs, at }) : before).toEqual(before);
      }),
    );
  });

  it('passes only what is wholly known: nothing silent, doubtful or in a step', () => {
    fc.assert(
      fc.property(anyInputs, (inputs) => {
        const left =
          inputs.gate === 'ready'
            ? inputs.silent + inputs.doubtful + Number(inputs.problem !== undefined)
            : inputs.inStep;
        expect(judge(inputs).verdict === 'pass' && left > 0).toBe(false);
      }),
    );
  });

  it('is decided again byte for byte from what the log holds of it', () => {
    fc.assert(
      fc.property(anyInputs, (inputs) => {
        const event = judged(inputs, hashOf(DEFAULT_POLICY));
        const stored = JSON.parse(JSON.stringify(encodeEvent(event))) as ReturnType<typeof encodeEvent>;
        const loaded = decodeEvent(stored) as GateJudged;
        expect(canonicalJson(rejudge(loaded))).toBe(canonicalJson(event));
      }),
    );
  });
});

describe('rejudge', () => {
  it('shows a verdict that somebody changed', () => {
    const event = judged(ready({ ready: 10, notReady: 2 }), hashOf(DEFAULT_POLICY));
    expect(rejudge({ ...event, verdict: 'pass' })).not.toEqual({ ...event, verdict: 'pass' });
  });

  it.each([
    ['inputs of another gate', { ...judged(ready({}), ''), gate: 'settled' as const }],
    ['a missing count', { ...judged(ready({}), ''), inputs: { ...ready({}), silent: undefined } }],
    ['a negative count', { ...judged(ready({}), ''), inputs: { ...ready({}), ready: -1 } }],
    ['no policy', { ...judged(ready({}), ''), inputs: { ...ready({}), policy: null } }],
  ])('refuses %s', (_, event) => {
    expect(() => rejudge(event)).toThrow(expect.objectContaining({ code: 'BAD_GATE_INPUTS' }));
  });
});
