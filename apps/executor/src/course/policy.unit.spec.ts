import {
  ALL_SHARDS,
  EMPTY_HEAD,
  type GateJudged,
  type GateSpec,
  type GroupEvent,
  shardOfGroup,
  type StreamHead,
} from '@sluice/contracts';
import { describe, expect, it } from 'vitest';

import { planFor, wait, World } from '../fixtures/world.suite.js';
import { GROUP, NEW, OLD, ShiftWorld, TRAFFIC } from '../traffic/shifting.suite.js';
import { inputOfGate, VerdictBuffer } from './verdicts.js';

const slo = (change: Partial<GateSpec> = {}): GateSpec => ({
  name: 'slo',
  source: 'prometheus',
  at: ['during'],
  onFail: 'rollback',
  intervalMs: 10_000,
  limits: { fail: 0, inconclusive: 5, error: 5, passes: 1 },
  measure: { kind: 'facts' },
  ...change,
});

const judged = (change: Partial<GateJudged> = {}): GateJudged => ({
  type: 'GateJudged',
  ...{ stage: 1, round: 1, gate: 'slo', verdict: 'fail', words: 'errors 5 % > 1 %', inputs: {}, policyHash: 'p' },
  phase: 'during',
  ...change,
});

/** What a health-gate says of a rollout. */
async function tell(world: World, id: string, ...events: readonly GateJudged[]): Promise<void> {
  const stream = { shard: shardOfGroup(GROUP), writer: 'gate', id } as const;
  let head: StreamHead = EMPTY_HEAD;
  for await (const commit of world.log.read(stream)) head = commit.head;
  const meta = { by: { id: 'health-gate', kind: 'service' }, cause: 'measured', corr: id } as const;
  await world.log.append(stream, head, {
    id: world.newId(),
    at: world.clock.now(),
    events: events.map((event) => ({ event, meta })),
  });
}

async function groupEvents(world: World): Promise<readonly GroupEvent[]> {
  const found: GroupEvent[] = [];
  const abort = new AbortController();
  const from = { shards: ALL_SHARDS, writers: ['group'], from: 1, signal: abort.signal } as const;
  for await (const seen of world.log.follow(from)) {
    if (seen.kind === 'live') break;
    found.push(...(seen.commit.events as readonly GroupEvent[]));
  }
  abort.abort();
  return found;
}

async function shifting(gateSpecs: readonly GateSpec[]): Promise<{ readonly world: ShiftWorld; readonly id: string }> {
  const world = new ShiftWorld();
  await world.engine.start();
  const plan = planFor([], { strategy: 'traffic', batches: [], traffic: TRAFFIC, gateSpecs });
  return { world, id: await world.plan(plan) };
}

describe('what a plan orders when its gate fails', () => {
  it('onFail rollback takes all traffic back in one publication, and the version is blocked', async () => {
    const { world, id } = await shifting([slo()]);
    await world.reached(id, 5);
    await tell(world, id, judged());
    await world.ended(id);
    expect(world.shares).toEqual([5, 0]);
    const types = await world.types(id);
    expect(types.slice(types.indexOf('RolloutBraked'))).toEqual([
      ...['RolloutBraked', 'RolloutSettling', 'WeightSet', 'WeightPublished', 'RolloutCancelled'],
    ]);
    const [settling] = await world.of(id, 'RolloutSettling');
    expect(settling?.reason).toBe('onFail: rollback (gate slo failed during stage 1: errors 5 % > 1 %)');
    await world.until(async () => (await groupEvents(world)).some(({ type }) => type === 'LeaseReleased'));
    const blocked = (await groupEvents(world)).filter(({ type }) => type === 'VersionBlocked');
    expect(blocked).toMatchObject([{ version: '2.0.0', rolloutId: id }]);
    await world.engine.stop();
  });

  it('onFail brake waits for a person, and what only records does nothing', async () => {
    const { world, id } = await shifting([slo({ onFail: 'brake' }), slo({ name: 'shadow', onFail: 'record' })]);
    await world.reached(id, 5);
    await tell(world, id, judged({ gate: 'shadow', shadow: true }));
    await world.reached(id, 25);
    await tell(world, id, judged({ stage: 2 }));
    await world.until(async () => (await world.types(id)).includes('RolloutBraked'));
    await world.clock.advance(600_000);
    expect(world.shares).toEqual([5, 25]);
    expect(await world.of(id, 'GateRecorded')).toMatchObject([{ gate: 'slo', stage: 2 }]);
    await world.engine.stop();
  });

  it('a failure that was judged while nobody listened is heard after the start', async () => {
    const { world, id } = await shifting([slo()]);
    await world.reached(id, 5);
    await world.engine.stop();
    await tell(world, id, judged(), judged({ verdict: 'pass' }));
    world.engine = world.newEngine();
    await world.engine.start();
    await world.ended(id);
    expect(world.shares).toEqual([5, 0]);
    await world.engine.stop();
  });

  it('STR-11 a gate that says so takes back a rollout of hosts too', async () => {
    const hosts = ['h1', 'h2', 'h3', 'h4'];
    const world = new World(hosts);
    await world.engine.start();
    await wait(world, await world.plan(planFor(hosts, { version: '1.0.0' })), 'RolloutSucceeded');
    const id = await world.plan(planFor(hosts, { gateSpecs: [slo()], batches: [[2, 2]] }));
    await wait(world, id, 'StageEntered');
    await tell(world, id, judged({ stage: 0 }));
    await wait(world, id, 'RollbackRequested');
    expect(await world.types(id)).toContain('RolloutBraked');
    await world.engine.stop();
  });
});

describe('a shift that has succeeded', () => {
  it('SWB-01 leaves the live side in the history of its group', async () => {
    const { world, id } = await shifting([]);
    await world.ended(id);
    await world.until(async () => (await groupEvents(world)).some(({ type }) => type === 'VersionSucceeded'));
    expect((await groupEvents(world)).filter(({ type }) => type === 'VersionSucceeded')).toMatchObject([
      { version: '2.0.0', side: NEW },
    ]);
    expect(world.store.last?.weights).toEqual({ [NEW]: 100, [OLD]: 0 });
    await world.engine.stop();
  });
});

describe('verdicts that are kept for later', () => {
  it('are the last word of each gate, but a failure stays one, and what only records is not kept', () => {
    const kept = new VerdictBuffer();
    for (let i = 0; i < 200; i += 1) kept.add('r', judged({ verdict: 'pass', words: `${i}` }));
    kept.add('r', judged({ gate: 'other' }));
    kept.add('r', judged({ gate: 'other', verdict: 'pass' }));
    kept.add('r', judged({ gate: 'shadow', shadow: true }));
    kept.add('r', judged({ round: 2 }));
    expect(kept.take('r').map(({ gate, verdict, round, words }) => [gate, verdict, round, words])).toEqual([
      ['slo', 'pass', 1, '199'],
      ['other', 'fail', 1, 'errors 5 % > 1 %'],
      ['slo', 'fail', 2, 'errors 5 % > 1 %'],
    ]);
    expect(inputOfGate(judged({ shadow: true }))).toBeUndefined();
  });
});
