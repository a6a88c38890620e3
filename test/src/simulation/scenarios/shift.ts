import type { DeployRequest, GateDocument, RolloutEvent } from '@sluice/contracts';
import { type Random, seededRandom } from '@sluice/testing';

import { Simulation } from '../simulation.js';
import { LOAD, SERVICES } from '../traffic/autoscaler.js';
import { SIDES, type TrafficWorld } from '../traffic/world.js';
import { pick, play, type Run, type ScenarioOptions } from './scenario.js';

const MINUTE = 60_000;
const DAY = 86_400_000;
const INTERVAL_MS = 10_000;
/** Values of the metric that have to be beyond the limit, and how far apart they are. */
const [N, STEP_MS] = [2, 5_000];

/** Errors of the new side, watched all the time. */
export const errorGate = (change: Partial<GateDocument> = {}): GateDocument => ({
  name: 'errors',
  source: 'main',
  interval: `${INTERVAL_MS / 1_000}s`,
  at: ['during', 'exit'],
  measure: {
    kind: 'threshold',
    query: 'max(errors{side="{{side}}"})',
    limit: 0.05,
    window: '2m',
    step: `${STEP_MS / 1_000}s`,
    n: N,
    of: 3,
  },
  ...change,
});

/** Requests to the side before anybody else sends any. */
export const smokeGate: GateDocument = {
  name: 'smoke',
  source: 'main',
  interval: '10s',
  measure: { kind: 'smoke', requests: [{ path: '/search?q=boots', status: 200 }] },
};

export const SHIFT: Partial<DeployRequest> = {
  strategy: 'traffic',
  traffic: { dwell: '1m', drainWindow: '3m', readyWithin: '10m' },
};

interface Played {
  readonly sim: Simulation;
  readonly world: TrafficWorld;
  readonly random: Random;
}

type Story = readonly [what: string, scaling: 'ideal' | 'slow', story: (played: Played) => Promise<readonly string[]>];

const must = (holds: boolean, what: string): string[] => (holds ? [] : [what]);

const eventsOf = (sim: Simulation, id: string): readonly { readonly at: number; readonly event: RolloutEvent }[] =>
  sim.timeline.filter((each) => each.id === id).map(({ at, event }) => ({ at, event: event as RolloutEvent }));

const published = (sim: Simulation, id: string): number[] =>
  eventsOf(sim, id).flatMap(({ event }) => (event.type === 'WeightPublished' ? [event.weights[SIDES[1]] ?? -1] : []));

const reached = (sim: Simulation, id: string, weight: number): Promise<boolean> =>
  sim.until(() => (sim.model(id).shift?.inForce ?? 0) >= weight, DAY);

const ended = (sim: Simulation, id: string): Promise<boolean> => sim.until(() => sim.ended(id), DAY);

/** SWB-09: the request is the only command. SWB-13: with an ideal autoscaler a quarter above the load, and a pod. */
async function good({ sim, world }: Played): Promise<readonly string[]> {
  const id = await sim.request({ ...SHIFT, gates: [errorGate(), smokeGate] });
  await ended(sim, id);
  const over = SERVICES.filter((service) => (world.scaler.most.get(service) ?? 0) > 1.25 * (LOAD[service] ?? 0) + 1);
  const scaled = world.scaler.said.filter((said) => said.startsWith('scale')).length;
  return [
    ...must(sim.model(id).end === 'RolloutSucceeded', `SWB-09: it is ${sim.model(id).status}`),
    ...must(published(sim, id).join() === '1,5,10,25,50,75,100', `SWB-02: ${published(sim, id).join()} were published`),
    ...over.map((service) => `SWB-13: ${world.scaler.most.get(service)} pods of ${service}`),
    ...must(scaled === 1, `SWB-12: it was scaled ${scaled} times`),
    ...must(world.live === SIDES[1], 'SWB-01: the new side is not live'),
  ];
}

/** A slow and failing autoscaler holds it up, and no more than that (SWB-04). */
async function slow({ sim, world, random }: Played): Promise<readonly string[]> {
  world.scaler.failing = random.next() / 20;
  const id = await sim.request({ ...SHIFT, traffic: { ...SHIFT.traffic, readyWithin: '2h' } });
  await ended(sim, id);
  return must(sim.model(id).end === 'RolloutSucceeded', `SWB-04: it is ${sim.model(id).status}`);
}

/** SWB-16: one service that is not there holds all of them, until the deadline; then it brakes, and goes on later. */
async function stuck({ sim, world, random }: Played): Promise<readonly string[]> {
  const service = pick(random, SERVICES);
  world.scaler.stuck.add(`${SIDES[1]}/${service}`);
  const id = await sim.request(SHIFT);
  await sim.until(() => sim.model(id).status === 'braked', DAY);
  const cause = eventsOf(sim, id).findLast(({ event }) => event.type === 'RolloutBraked')?.event;
  const words = cause?.type === 'RolloutBraked' && cause.cause.kind === 'capacity' ? cause.cause.words : '';
  const wrong = must(words.includes(`${service}: ready`), `SWB-16: it does not name ${service}: "${words}"`);
  wrong.push(...must(published(sim, id).length === 0, 'SWB-11: traffic went to a side that is not ready'));
  world.heal();
  await sim.command(id, { type: 'resume' });
  await ended(sim, id);
  return [...wrong, ...must(sim.model(id).end === 'RolloutSucceeded', `it is ${sim.model(id).status}`)];
}

/** A fault from some weight on: the gate that watches brakes within one interval (MOM-11). */
async function faulty({ sim, world, random }: Played): Promise<readonly string[]> {
  const fromWeight = pick(random, [1, 5, 10, 25, 50, 75, 100]);
  world.metrics.faults.set(SIDES[1], { fromWeight, errorRate: 0.2 });
  const id = await sim.request({ ...SHIFT, gates: [errorGate()] });
  await sim.until(() => sim.model(id).status === 'braked', DAY);
  const events = eventsOf(sim, id);
  const brake = events.findLast(({ event }) => event.type === 'RolloutBraked');
  const raised = events.findLast(({ event }) => event.type === 'WeightPublished');
  const ms = (brake?.at ?? Number.NaN) - (raised?.at ?? 0);
  return [
    ...must(published(sim, id).at(-1) === fromWeight, `it went on to ${published(sim, id).at(-1)} from ${fromWeight}`),
    ...must(ms <= N * STEP_MS + INTERVAL_MS + 1_000, `MOM-11: the brake fell ${ms} ms after the weight`),
    ...(await wayOut({ sim, world, random }, id)),
  ];
}

/** SWB-10: whatever is broken, the way back is one publication, at once. */
async function wayOut({ sim, world, random }: Played, id: string): Promise<readonly string[]> {
  world.metrics.mood = 'dead';
  world.scaler.slowMs = 10 * MINUTE;
  world.scaler.isDown = random.chance(0.5);
  const until = sim.clock.now() + DAY;
  await sim.freeze({ type: 'freeze', scope: { kind: 'all' }, until });
  if (random.chance(0.5)) await sim.command(id, { type: 'pause' });
  await sim.clock.advance(random.int(2 * MINUTE));
  const from = sim.clock.now();
  const answer = await sim.command(id, { type: 'rollback' });
  await ended(sim, id);
  const ms = sim.clock.now() - from;
  return [
    ...must(answer.ok && sim.model(id).end === 'RolloutCancelled', `SWB-10: it is ${sim.model(id).status}`),
    ...must(ms <= 5_000, `SWB-10: the way back took ${ms} ms`),
    ...world.atRest(),
  ];
}

/** A rollback in the middle of anything, while a publisher hangs over an earlier weight. */
async function back(played: Played): Promise<readonly string[]> {
  const { sim, world, random } = played;
  const id = await sim.request(SHIFT);
  const weight = pick(random, [1, 5, 10, 25, 50, 75]);
  await reached(sim, id, weight);
  await sim.clock.advance(random.int(MINUTE));
  world.edge.mood = pick(random, ['hangs', 'mute', 'fails'] as const);
  void sim.tell(id, { type: 'setWeight', weight: weight + 1 + random.int(99 - weight) });
  await sim.clock.advance(500 + random.int(3_000));
  world.edge.mood = 'well';
  return wayOut(played, id);
}

/** `onFail: rollback` leads back without a person, and the version does not start again (STR-11). */
async function policy({ sim, world, random }: Played): Promise<readonly string[]> {
  const fromWeight = pick(random, [5, 25, 75]);
  world.metrics.faults.set(SIDES[1], { fromWeight, errorRate: 0.5 });
  const id = await sim.request({ ...SHIFT, gates: [errorGate({ onFail: 'rollback' })] });
  await ended(sim, id);
  const again = await sim.request(SHIFT).then(
    () => 'was planned',
    () => 'was refused',
  );
  return [
    ...must(sim.model(id).end === 'RolloutCancelled', `STR-11: it is ${sim.model(id).status}`),
    ...must(again === 'was refused', `the bad version ${again}`),
    ...world.atRest(),
  ];
}

/** A gate that only records decides nothing, whatever it sees. */
async function shadow({ sim, world }: Played): Promise<readonly string[]> {
  world.metrics.faults.set(SIDES[1], { fromWeight: 1, errorRate: 0.5 });
  world.metrics.smokeFails = true;
  const id = await sim.request({
    ...SHIFT,
    gates: [errorGate({ onFail: 'record' }), { ...smokeGate, onFail: 'record' }],
  });
  await ended(sim, id);
  const told = sim.timeline.filter(({ event }) => event.type === 'GateJudged').length;
  return [
    ...must(sim.model(id).end === 'RolloutSucceeded', `it is ${sim.model(id).status}`),
    ...must(told > 0, 'nothing was recorded'),
  ];
}

/** No data and a dead source hold; when they are back it goes on by itself. */
async function blind({ sim, world, random }: Played): Promise<readonly string[]> {
  world.metrics.mood = pick(random, ['empty', 'dead']);
  const id = await sim.request({ ...SHIFT, gates: [errorGate({ at: ['exit'] })] });
  await sim.until(() => sim.ended(id), 3_600_000);
  const wrong = must(published(sim, id).join() === '1', `without data it went to ${published(sim, id).join()}`);
  world.metrics.mood = 'well';
  await ended(sim, id);
  return [...wrong, ...must(sim.model(id).end === 'RolloutSucceeded', `it is ${sim.model(id).status}`)];
}

/** Nothing grows under a freeze; a hotfix goes on in spite of it, and a later freeze holds it again. */
async function frozen({ sim, random }: Played): Promise<readonly string[]> {
  const id = await sim.request(SHIFT);
  await reached(sim, id, pick(random, [1, 10, 50]));
  const day = { type: 'freeze', scope: { kind: 'all' }, until: sim.clock.now() + DAY } as const;
  const declared = await sim.freeze(day);
  const before = published(sim, id).length;
  await sim.clock.advance(10 * MINUTE);
  const raise = await sim.command(id, { type: 'setWeight', weight: 99 });
  const wrong = must(published(sim, id).length === before && !raise.ok, 'I6: weights grew under a freeze');
  if (random.chance(0.5)) {
    await sim.command(id, { type: 'hotfix' });
    await sim.clock.advance(90_000);
    await sim.freeze(day);
    await sim.clock.advance(10 * MINUTE);
    wrong.push(...must(!sim.ended(id), 'a hotfix went on in spite of a later freeze'));
    await sim.command(id, { type: 'hotfix' });
  } else if (declared.ok) await sim.freeze({ type: 'lift' }, declared.target);
  await ended(sim, id);
  return [...wrong, ...must(sim.model(id).end === 'RolloutSucceeded', `it is ${sim.model(id).status}`)];
}

const STORIES: readonly Story[] = [
  ['a good one', 'ideal', good],
  ['a slow autoscaler', 'slow', slow],
  ['a service that is not there', 'slow', stuck],
  ['a fault at some weight', 'ideal', faulty],
  ['back while a publisher hangs', 'ideal', back],
  ['a gate that rolls back', 'ideal', policy],
  ['gates that only record', 'ideal', shadow],
  ['no data', 'ideal', blind],
  ['freezes', 'ideal', frozen],
];

/** Shifts of traffic one by one, each with one thing that matters (SWB-01 to SWB-13). */
export async function* shift({ seed }: ScenarioOptions): AsyncIterable<Run> {
  for (const [what, scaling, story] of STORIES) {
    const random = seededRandom(seed).fork(what);
    const sim = new Simulation({ seed, hosts: 0, traffic: scaling });
    yield await play(sim, { scenario: 'shift', what }, async ({ world }) => {
      if (world === undefined) return ['there is no world'];
      const wrong = await story({ sim, world, random });
      return [...wrong, ...(sim.invariants.violations.length > 0 ? [] : world.atRest())];
    });
  }
}
