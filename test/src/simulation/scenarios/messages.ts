import { STEP_CHAIN } from '@sluice/contracts';
import { type MessageFaults, seededRandom, type StepFaults } from '@sluice/testing';

import { GROUP, Simulation } from '../simulation.js';
import { play, type Run, type ScenarioOptions } from './scenario.js';

const REQUEST = { interval: '5s', tailInterval: '0s', bake: '10s' } as const;

/** Up to a third of the messages of each kind fare badly; the kinds are chosen by the seed. */
function badNetwork(seed: number): MessageFaults {
  const random = seededRandom(seed).fork('network');
  const share = (): number => (random.chance(0.6) ? random.next() / 3 : 0);
  return {
    loseCommand: share(),
    loseReply: share(),
    duplicateCommand: share(),
    loseReport: share(),
    loseReportAnswer: share(),
    duplicateReport: share(),
    delayReportMs: random.chance(0.7) ? 1 + random.int(8_000) : 1,
  };
}

async function allDone(sim: Simulation): Promise<readonly string[]> {
  const id = await sim.request(REQUEST);
  const ended = await sim.until(() => sim.ended(id), 24 * 3_600_000);
  if (!ended) return [`the rollout did not end: it is ${sim.model(id).status}`];
  const wrong: string[] = [];
  if (sim.model(id).end !== 'RolloutSucceeded') wrong.push(`it ended with ${sim.model(id).end}`);
  const versions = sim.fleet.versions(GROUP);
  if (versions['2.0.0'] !== sim.options.hosts) wrong.push(`the fleet runs ${JSON.stringify(versions)}`);
  for (const [step, times] of sim.fleet.counters.steps) if (times !== 1) wrong.push(`${step} was done ${times} times`);
  if (sim.fleet.counters.steps.size !== sim.options.hosts * 5)
    wrong.push(`${sim.fleet.counters.steps.size} steps were done, ${sim.options.hosts * 5} are needed`);
  return wrong;
}

/** A fifth of the agents also report what never happened, at one of their steps. */
function liars(seed: number): StepFaults {
  const random = seededRandom(seed).fork('liars');
  const lies = new Map<string, number>();
  const turn = (host: string): number => {
    const known = lies.get(host) ?? (random.chance(0.2) ? random.int(STEP_CHAIN.length) : -1);
    lies.set(host, known);
    return known;
  };
  return ({ host, step }) => (STEP_CHAIN[turn(host)] === step ? { kind: 'lie' } : undefined);
}

/** C2: runs, replies and reports are dropped, doubled, delayed and overtake each other, and some reports are lies. */
export async function* c2({ seed, fleet = 12 }: ScenarioOptions): AsyncIterable<Run> {
  const messages = badNetwork(seed);
  const sim = new Simulation({ seed, hosts: fleet, messages, faults: liars(seed), approveAfterMs: 700 });
  yield await play(sim, { scenario: 'C2', what: words(messages) }, allDone);
}

const words = (messages: MessageFaults): string =>
  Object.entries(messages)
    .filter(([, value]) => value > 0)
    .map(([key, value]: [string, number]) => `${key} ${value < 1 ? value.toFixed(2) : value}`)
    .join(', ');

/** C7: hosts do their work, and every single word of it is lost; or the answer to each run is. */
export async function* c7({ seed, fleet = 10 }: ScenarioOptions): AsyncIterable<Run> {
  const networks: readonly (readonly [string, MessageFaults])[] = [
    ['every report lost', { loseReport: 1 }],
    ['every answer to a report lost', { loseReportAnswer: 1 }],
    ['most replies to runs lost', { loseReply: 0.8 }],
    ['every report and half of the replies lost', { loseReport: 1, loseReply: 0.5 }],
  ];
  for (const [what, messages] of networks) {
    const sim = new Simulation({ seed, hosts: fleet, messages, approveAfterMs: 700 });
    yield await play(sim, { scenario: 'C7', what }, allDone);
  }
}
