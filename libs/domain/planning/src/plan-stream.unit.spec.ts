import { MAX_COMMIT_BYTES, type PlanEvent } from '@sluice/contracts';
import { describe, expect, it } from 'vitest';

import { planStream, type PlanStreamInput, type PlanStreamState } from './plan-stream.js';
import { madePlan, SAMPLE_GROUP, sampleInput, sampleMembers } from './samples.js';
import { sealPlan } from './sealed-plan.js';

const sealedOf = (n: number, version = '2.0.0') => {
  const made = madePlan(sampleInput(sampleMembers(n), { version }));
  return sealPlan(made.draft, made.targets);
};
const plan = (n: number, version?: string): PlanStreamInput => ({ type: 'plan', sealed: sealedOf(n, version) });
const refusal = {
  requestId: 'request-1',
  documentHash: 'cd'.repeat(32),
  faults: [{ path: '/group', code: 'EMPTY_GROUP', message: 'no host' }],
};

const given = (...events: readonly PlanEvent[]): PlanStreamState =>
  events.reduce((state, event) => planStream.evolve(state, event, 0), planStream.initialState());
const when = (state: PlanStreamState, input: PlanStreamInput): readonly PlanEvent[] =>
  planStream.decide(state, input, 0);
const from = (event: PlanEvent | undefined): number | string | undefined =>
  event?.type === 'PlanTargetsAdded' ? event.from : event?.type;

describe('a plan stream', () => {
  it('writes the targets in chunks and seals them', () => {
    const events = when(given(), plan(10_000));
    expect(events.length).toBeGreaterThan(2);
    expect(events.at(-1)).toMatchObject({ type: 'RolloutPlanned', planHash: sealedOf(10_000).planHash });
    expect(given(...events)).toMatchObject({ sealed: true, rolloutId: 'r07-0123456789ABCDEFGHJKMNPQRS' });
    for (const event of events) expect(JSON.stringify(event).length).toBeLessThan(MAX_COMMIT_BYTES / 2);
  });

  it('stays quiet once it is sealed', () => {
    const state = given(...when(given(), plan(5)));
    expect(when(state, plan(5))).toEqual([]);
    expect(when(state, plan(6, '3.0.0'))).toEqual([]);
    expect(when(state, { type: 'refuse', refusal })).toEqual([]);
  });

  it('goes on behind the chunks that a crash left, when they are the start of the same plan', () => {
    const events = when(given(), plan(10_000));
    const rest = when(given(...events.slice(0, 2)), plan(10_000));
    expect(rest.map(from)).toEqual(events.slice(2).map(from));
    expect(when(given(...events.slice(0, -1)), plan(10_000)).map(from)).toEqual(['RolloutPlanned']);
  });

  it('starts again at 0 when the chunks that are there belong to another plan', () => {
    const events = when(given(), plan(10_000));
    const shorter = when(given(...events.slice(0, 3)), plan(7));
    expect(shorter.map(from)).toEqual([0, 'RolloutPlanned']);
    const state = given(...events.slice(0, 3), ...shorter.slice(0, 1));
    expect(state.targets).toEqual(sealedOf(7).targets);
  });

  it('starts again when the chunks that are there have other profiles', () => {
    const arm = { kind: 'exec', steps: {}, stepTimeoutMs: 1_000 } as const;
    const input = sampleInput(sampleMembers(7, () => ({ labels: { arch: 'arm' } })));
    const group = { ...SAMPLE_GROUP, profiles: [{ labels: { arch: 'arm' }, profile: arm }] };
    const { draft, targets } = madePlan({ ...input, group });
    const [chunk] = when(given(), plan(7));
    const state = given(...(chunk === undefined ? [] : [chunk]));
    expect(when(state, plan(7)).map(from)).toEqual(['RolloutPlanned']);
    expect(when(state, { type: 'plan', sealed: sealPlan(draft, targets) }).map(from)).toEqual([0, 'RolloutPlanned']);
  });

  it('keeps a refusal once, and another one beside it', () => {
    const events = when(given(), { type: 'refuse', refusal });
    expect(events).toEqual([{ type: 'RequestRefused', ...refusal }]);
    expect(when(given(...events), { type: 'refuse', refusal })).toEqual([]);
    expect(when(given(...events), { type: 'refuse', refusal: { ...refusal, faults: [] } })).toHaveLength(1);
  });

  it('may still be planned after a refusal: the group was mended', () => {
    const state = given(...when(given(), { type: 'refuse', refusal }));
    expect(given({ type: 'RequestRefused', ...refusal }, ...when(state, plan(3))).sealed).toBe(true);
  });
});
