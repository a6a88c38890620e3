import { type Random, seededRandom } from '@sluice/testing';

import type { CrashPlan } from '../crash-plan.js';
import { type RampWorld, valueOf } from '../ramps/world.js';
import { Simulation } from '../simulation.js';
import { chosen, crashes } from './crashes.js';
import { asTold, BY_HAND, sayTo, tell, VARIABLES, variableOf } from './ramp.js';
import { differences, play, type Run, type ScenarioOptions } from './scenario.js';

const [DOCKER] = VARIABLES;
const MINUTE = 60_000;
const DAY = 86_400_000;
const SCENARIO = 'rampCrash';

type Ending = Readonly<Record<string, unknown>>;

const hosts = (role: string, from: number, count: number) =>
  Array.from({ length: count }, (_, i) => ({ host: `${role}-${from + i}`, role }));

/** What two ramps that end the same have in common: each host has the same values. */
function endingOf(sim: Simulation, id: string): Ending {
  const { status, end } = sim.model(id);
  const variables = [DOCKER, BY_HAND].map((name) => {
    const variable = variableOf(sim, name);
    if (variable === undefined) return name;
    const { phase, version } = variable;
    return { name, phase, version, values: Array.from({ length: 24 }, (_, host) => valueOf(variable, host)) };
  });
  return { status, end, variables };
}

/** A rollout with approval and gates ramps one variable; people ramp another, pause it, pin a host, and turn it around. */
async function rampOnce(sim: Simulation, world: RampWorld, random: Random): Promise<Ending> {
  await tell(sim, { type: 'join', hosts: [...hosts('web', 0, 12), ...hosts('login', 0, 8)] });
  const id = await sim.request({
    ...{ group: DOCKER, version: '2.0.0', strategy: 'ramp', approvals: { batches: 'required' } },
    gates: [
      {
        ...{ name: 'errors', source: 'main', interval: '20s', at: ['entry', 'during', 'exit'], onFail: 'brake' },
        measure: { kind: 'threshold', query: 'max(errors)', limit: 0.05, window: '2m', step: '5s', n: 2, of: 3 },
      },
    ],
    ramp: {
      ...{ variable: DOCKER, from: '1.0.0', over: '5m' },
      limits: { login: { maxPercent: 50, pace: { changes: 2, window: '1m' } } },
    },
  });
  const spec = { name: BY_HAND, type: 'string', from: 'a', to: 'b', limits: {}, salt: '' } as const;
  await sayTo(sim, BY_HAND, {
    type: 'define',
    spec: { ...spec, schedule: { kind: 'linear', durationMs: 4 * MINUTE } },
  });
  await sayTo(sim, BY_HAND, { type: 'ramp' });
  await sim.clock.advance(MINUTE);
  await sayTo(sim, BY_HAND, { type: 'pin', hosts: ['web-3'], value: 'c' });
  await sayTo(sim, BY_HAND, { type: 'pause' });
  await tell(sim, { type: 'join', hosts: hosts('web', 12, 3) });
  await tell(sim, { type: 'leave', hosts: ['web-1'] });
  await sayTo(sim, BY_HAND, { type: 'resume' });
  await sim.clock.advance(MINUTE);
  world.metrics.isBad = random.chance(0.5);
  await sim.clock.advance(2 * MINUTE);
  world.metrics.isBad = false;
  await sayTo(sim, BY_HAND, { type: 'reverse' });
  for (let round = 0; round < 20 && !sim.ended(id); round += 1) {
    await sim.until(() => sim.ended(id) || sim.model(id).status === 'braked', DAY / 24);
    if (sim.model(id).status === 'braked') await sim.command(id, { type: 'resume' });
  }
  await sim.clock.advance(10 * MINUTE);
  return endingOf(sim, id);
}

/**
 * Two ramps, killed at each commit of each service (C1, I11): they end as if nothing had happened, and every host is told
 * what the log says. The first seed plays all of these, each later one a part of them.
 */
export async function* rampCrash({ seed }: ScenarioOptions): AsyncIterable<Run> {
  const one = (crash?: CrashPlan): Simulation =>
    new Simulation({
      ...{ seed, hosts: 0, ramps: [DOCKER], approveAfterMs: 700 },
      ...(crash === undefined ? {} : { crash }),
    });
  const story = async (sim: Simulation): Promise<readonly [Ending, readonly string[]]> => {
    if (sim.ramps === undefined) return [{}, ['there is no world']];
    const ending = await rampOnce(sim, sim.ramps, seededRandom(seed).fork('ramp'));
    return [ending, asTold(sim, sim.ramps)];
  };
  const calm = one();
  let expected: Ending = {};
  yield await play(calm, { scenario: SCENARIO, what: 'no crash' }, async (sim) => {
    const [ending, wrong] = await story(sim);
    expected = ending;
    return wrong;
  });
  for (const crash of chosen([...crashes(calm.commits)], seed)) {
    const what = `${crash.service} killed ${crash.when} commit ${crash.at}`;
    yield await play(one(crash), { scenario: SCENARIO, what }, async (sim) => {
      const [ending, wrong] = await story(sim);
      return [...differences(expected, ending), ...wrong];
    });
  }
}
