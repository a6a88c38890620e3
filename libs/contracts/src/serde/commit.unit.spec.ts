import { isSluiceError } from '@sluice/kernel';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import type { DomainEvent, EventMeta, EventToAppend } from '../events/index.js';
import type { StepName } from '../plan.js';
import { COMMIT_SCHEMA } from '../schemas/events.js';
import { validatorOf } from '../schemas/validate.js';
import { type CommitToEncode, decodeCommit, encodeCommit, MAX_COMMIT_BYTES, MAX_COMMIT_EVENTS } from './commit.js';
import { EVENT_SAMPLES } from './event-samples.js';
import { decodeEvent, encodeEvent } from './events.js';
import type { StoredCommit } from './stored.js';
import { upcast } from './upcasters.js';

const stream = { shard: '07', writer: 'exec', id: 'r07-0123456789ABCDEFGHJKMNPQRS' } as const;
const meta: EventMeta = { by: { id: 'executor', kind: 'service' }, cause: 'cmd-1', corr: 'req-1' };
const commitOf = (events: readonly EventToAppend[]): CommitToEncode => ({
  id: '01ARZ3NDEKTSV4RRFFQ69G5FAV',
  stream,
  rev: 3,
  at: 1_767_225_600_000,
  prev: 'ab'.repeat(32),
  events,
});
const storedOf = (bytes: Uint8Array): StoredCommit => JSON.parse(new TextDecoder().decode(bytes)) as StoredCommit;
const bytesOf = (value: unknown): Uint8Array => new TextEncoder().encode(JSON.stringify(value));
const started: EventToAppend = { event: { type: 'RolloutStarted', token: 1 }, meta };

const codeOf = (work: () => unknown): string => {
  try {
    work();
  } catch (error) {
    return isSluiceError(error) ? error.code : 'not ours';
  }
  return 'nothing thrown';
};

const steps: readonly StepName[] = ['probe', 'drain', 'download', 'install', 'verify', 'enable'];
const anyText = fc.string({ unit: 'grapheme', maxLength: 30 });
const indexes = fc.oneof(
  fc.array(fc.nat(2_000), { maxLength: 60 }),
  fc.uniqueArray(fc.nat(300), { maxLength: 200 }).map((list) => list.toSorted((a, b) => a - b)),
);
const stepSucceeded: fc.Arbitrary<DomainEvent> = fc.record(
  {
    type: fc.constant('StepSucceeded' as const),
    target: fc.nat(),
    step: fc.constantFrom(...steps),
    n: fc.nat(99),
    ms: fc.nat(),
    note: fc.constantFrom('local' as const, 'waived' as const),
  },
  { requiredKeys: ['type', 'target', 'step', 'n', 'ms'] },
);
const stepFailed: fc.Arbitrary<DomainEvent> = fc.record({
  type: fc.constant('StepFailed' as const),
  target: fc.nat(),
  step: fc.constantFrom(...steps),
  n: fc.nat(99),
  ms: fc.nat(),
  code: anyText,
  message: anyText,
  serving: fc.boolean(),
});
const admitted: fc.Arbitrary<DomainEvent> = fc.record({
  type: fc.constant('TargetsAdmitted' as const),
  run: fc.constantFrom('roll' as const, 'enable' as const, 'probe' as const),
  targets: indexes,
  deadline: fc.nat(),
});
const retry: fc.Arbitrary<DomainEvent> = fc.record(
  { type: fc.constant('RetryOrdered' as const), redo: indexes, probe: indexes, reason: anyText },
  { requiredKeys: ['type', 'redo', 'probe'] },
);
const samples = Object.values(EVENT_SAMPLES).flat() as readonly DomainEvent[];
const anyEvent = fc.oneof(fc.constantFrom(...samples), stepSucceeded, stepFailed, admitted, retry);

// Few values, so that neighbours often share some of them; clones, so that sharing is by value and not by identity.
const anyMeta: fc.Arbitrary<EventMeta> = fc
  .record({
    by: fc.record({
      id: fc.constantFrom('ana', 'executor', 'unknown'),
      kind: fc.constantFrom('user' as const, 'service' as const),
    }),
    cause: fc.constantFrom('', 'a', 'b'),
    corr: fc.constantFrom('', 'x'),
  })
  .map((value) => structuredClone(value));
const anyEvents = fc.array(fc.record({ event: anyEvent, meta: anyMeta }), { minLength: 1, maxLength: 40 });

describe('commit codec', () => {
  it('reads back every commit with the reasons of each of its events', () => {
    fc.assert(
      fc.property(anyEvents, (events) => {
        const commit = commitOf(events);
        const decoded = decodeCommit(encodeCommit(commit));
        expect(decoded).toEqual({
          ...commit,
          stream: `exec.${stream.id}`,
          events: events.map(({ event }) => event),
          meta: events.map((one) => one.meta),
        });
      }),
    );
  });

  it('writes commits of its schema, and what all events share only once', () => {
    const validate = validatorOf(COMMIT_SCHEMA);
    const bytes = encodeCommit(
      commitOf([
        started,
        { ...started, meta: structuredClone(meta) },
        { ...started, meta: { ...meta, cause: 'cmd-2' } },
      ]),
    );
    expect(validate(storedOf(bytes)), JSON.stringify(validate.errors)).toBe(true);
    expect(storedOf(bytes).events).toEqual([
      { type: 'RolloutStarted', data: { token: 1 }, ...meta },
      { type: 'RolloutStarted', data: { token: 1 } },
      { type: 'RolloutStarted', data: { token: 1 }, cause: 'cmd-2' },
    ]);
  });

  it('writes the same bytes for the same commit, because the next one names their hash', () => {
    fc.assert(
      fc.property(anyEvents, (events) => {
        const bytes = encodeCommit(commitOf(events));
        const again = decodeCommit(bytes);
        const copied = again.events.map((event, i) => ({ event, meta: again.meta[i] ?? meta }));
        expect(encodeCommit(commitOf(copied))).toEqual(bytes);
      }),
      { numRuns: 50 },
    );
  });

  it('refuses no event, and more than 512, with COMMIT_TOO_LARGE', () => {
    const many = (count: number): CommitToEncode => commitOf(Array.from({ length: count }, () => started));
    expect(decodeCommit(encodeCommit(many(MAX_COMMIT_EVENTS))).events).toHaveLength(MAX_COMMIT_EVENTS);
    expect(codeOf(() => encodeCommit(many(MAX_COMMIT_EVENTS + 1)))).toBe('COMMIT_TOO_LARGE');
    expect(codeOf(() => encodeCommit(many(0)))).toBe('COMMIT_TOO_LARGE');
  });

  it('refuses more than 512 KiB, counted in bytes, with COMMIT_TOO_LARGE', () => {
    const paused = (reason: string): CommitToEncode => commitOf([{ event: { type: 'RolloutPaused', reason }, meta }]);
    const frame = encodeCommit(paused('')).length;
    expect(encodeCommit(paused('x'.repeat(MAX_COMMIT_BYTES - frame)))).toHaveLength(MAX_COMMIT_BYTES);
    expect(codeOf(() => encodeCommit(paused('x'.repeat(MAX_COMMIT_BYTES - frame + 1))))).toBe('COMMIT_TOO_LARGE');
    expect(codeOf(() => encodeCommit(paused('é'.repeat(MAX_COMMIT_BYTES / 2))))).toBe('COMMIT_TOO_LARGE');
  });
});

describe('commit codec: what it does not know', () => {
  const good = storedOf(encodeCommit(commitOf([started])));

  it.each([
    ['nothing', new Uint8Array()],
    ['no JSON', new TextEncoder().encode('{"v":1')],
    ['no UTF-8', Uint8Array.from([0x22, 0xff, 0xfe, 0x22])],
    ['null', bytesOf(null)],
    ['a list', bytesOf([good])],
    ['another version', bytesOf({ ...good, v: 2 })],
    ['no events', bytesOf({ ...good, events: undefined })],
    ['events that are none', bytesOf({ ...good, events: [null] })],
    ['an event without a type', bytesOf({ ...good, events: [{ data: {} }] })],
    ['a text as rev', bytesOf({ ...good, rev: '3' })],
    ['no at', bytesOf({ ...good, at: undefined })],
    ['no stream', bytesOf({ ...good, stream: undefined })],
    ['no prev', bytesOf({ ...good, prev: undefined })],
    ['a payload of another shape', bytesOf({ ...good, events: [{ type: 'StepSucceeded', data: null }] })],
    ['a bulk payload of another shape', bytesOf({ ...good, events: [{ type: 'TargetsAdmitted', data: null }] })],
  ])('refuses %s with BAD_COMMIT', (_, bytes) => {
    expect(codeOf(() => decodeCommit(bytes))).toBe('BAD_COMMIT');
  });

  it('says of random bytes that they are no commit', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => codeOf(() => decodeCommit(bytes)) === 'BAD_COMMIT'),
    );
    fc.assert(
      fc.property(fc.json(), (json) => codeOf(() => decodeCommit(new TextEncoder().encode(json))) === 'BAD_COMMIT'),
    );
  });

  it('tells an unknown event, version and step from damage: upgrade helps', () => {
    expect(codeOf(() => decodeCommit(bytesOf({ ...good, events: [{ type: 'MoonPhaseChanged', data: {} }] })))).toBe(
      'UNKNOWN_EVENT',
    );
    expect(codeOf(() => decodeEvent({ type: 'constructor', data: {} }))).toBe('UNKNOWN_EVENT');
    expect(codeOf(() => decodeEvent({ type: '__proto__', data: {} }))).toBe('UNKNOWN_EVENT');
    expect(codeOf(() => decodeEvent({ type: 'RolloutStarted', v: 2, data: {} }))).toBe('UNKNOWN_EVENT_VERSION');
    expect(codeOf(() => decodeEvent({ type: 'RolloutStarted', v: 0, data: {} }))).toBe('UNKNOWN_EVENT_VERSION');
    expect(codeOf(() => decodeEvent({ type: 'StepSucceeded', data: [1, 'q', 1, 1] }))).toBe('UNKNOWN_STEP');
    expect(codeOf(() => encodeEvent({ type: 'Nothing' } as never))).toBe('UNKNOWN_EVENT');
  });
});

describe('upcasters', () => {
  const table = new Map<string, (data: unknown) => unknown>([
    ['Moved@1', (data) => ({ ...(data as object), two: true })],
    ['Moved@2', (data) => ({ ...(data as object), three: true })],
  ]);

  it('lift a payload step by step', () => {
    expect(upcast('Moved', { from: 1, to: 3 }, { one: true }, table)).toEqual({ one: true, two: true, three: true });
    expect(upcast('Moved', { from: 2, to: 3 }, {}, table)).toEqual({ three: true });
    expect(upcast('Moved', { from: 3, to: 3 }, { same: 1 }, table)).toEqual({ same: 1 });
  });

  it('refuse a gap in the chain and a version of the future', () => {
    expect(codeOf(() => upcast('Moved', { from: 1, to: 4 }, {}, table))).toBe('UNKNOWN_EVENT_VERSION');
    expect(codeOf(() => upcast('Moved', { from: 4, to: 3 }, {}, table))).toBe('UNKNOWN_EVENT_VERSION');
    expect(codeOf(() => upcast('Other', { from: 1, to: 2 }, {}, table))).toBe('UNKNOWN_EVENT_VERSION');
    expect(codeOf(() => upcast('Moved', { from: 0.5, to: 3 }, {}, table))).toBe('UNKNOWN_EVENT_VERSION');
    expect(codeOf(() => upcast('Moved', { from: Number.NaN, to: 3 }, {}, table))).toBe('UNKNOWN_EVENT_VERSION');
  });
});
