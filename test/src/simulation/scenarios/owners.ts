import { type MessageFaults, type Random, seededRandom, type StepFaults } from '@sluice/testing';

import { hostName, Simulation } from '../simulation.js';
import { hiddenHosts, pick, pickIndexes, play, type Run, type ScenarioOptions } from './scenario.js';
import { endThemAll } from './way-out.js';

const MINUTE = 60_000;
const OWNERS = 2;

/** Some hosts fail once, or die in the middle of a step. */
function someFail(random: Random, hosts: number): StepFaults {
  const bad = new Set(pickIndexes(random, hosts, random.int(4)).map(hostName));
  const step = pick(random, ['drain', 'install', 'verify', 'enable'] as const);
  const kind = pick(random, [
    { kind: 'fail' },
    { kind: 'crash', downMs: 20_000 },
    { kind: 'fail', serving: true },
  ] as const);
  return (place) => (place.n === 1 && place.step === step && bad.has(place.host) ? kind : undefined);
}

function badNetwork(random: Random): MessageFaults {
  const share = (): number => (random.chance(0.6) ? random.next() / 3 : 0);
  return {
    loseCommand: share(),
    loseReply: share(),
    duplicateCommand: share(),
    loseReport: share(),
    loseReportAnswer: share(),
    duplicateReport: share(),
    delayReportMs: 1 + random.int(6_000),
    lateCommand: share(),
    lateCommandMs: 1 + random.int(3 * MINUTE),
  };
}

/** One of them stands still for a while and wakes up believing that nothing has happened; or dies; or the network turns. */
function disturb(sim: Simulation, random: Random): void {
  const index = random.int(OWNERS);
  const { life } = sim.executors.at(index);
  const dice = random.int(6);
  if (dice < 3 && !life.sleeps) {
    life.sleep();
    sim.clock.schedule(1 + random.int(4 * MINUTE), () => life.wake());
  } else if (dice === 3) sim.killExecutor(index);
  else if (dice === 4) sim.fleet.setMessageFaults(badNetwork(random));
  else sim.kill(pick(random, ['planner', 'gate'] as const));
}

/** A person presses the button twice, and each press reaches another owner. */
async function press(sim: Simulation, random: Random, id: string): Promise<void> {
  const command = pick(random, [
    { type: 'pause' },
    { type: 'resume' },
    { type: 'resume' },
    { type: 'retry' },
    { type: 'retry' },
    { type: 'cancel' },
    { type: 'rollback' },
    { type: 'exclude' },
  ] as const);
  const key = sim.nextCommand();
  if (command.type === 'exclude') {
    await sim.groupCommand({
      type: pick(random, ['exclude', 'include']),
      host: hostName(random.int(sim.options.hosts)),
    });
    return;
  }
  await sim.command(id, command, 'olga', key);
  await sim.command(id, command, 'olga', key);
}

/**
 * C15: two executors drive all shards at once over one log. Reports and commands reach either; each of them stands still
 * for minutes and wakes up in the middle of it all, or dies; messages are lost, doubled, late. No invariant breaks, no
 * step is done twice, and it ends.
 */
export async function* c15({ seed, fleet }: ScenarioOptions): AsyncIterable<Run> {
  const random = seededRandom(seed).fork('C15');
  const hosts = fleet ?? 3 + random.int(15);
  const sim = new Simulation({
    seed,
    hosts,
    executors: OWNERS,
    faults: someFail(random, hosts),
    messages: badNetwork(random),
    approveAfterMs: 1 + random.int(20_000),
  });
  yield await play(sim, { scenario: 'C15', what: `${hosts} hosts` }, async () => {
    await sim.request({
      strategy: pick(random, ['canary', 'rolling'] as const),
      batches: pick(random, ['10%', '25%', '50%']),
      interval: '5s',
      bake: '10s',
    });
    for (let i = 0; i < 15 && sim.invariants.violations.length === 0; i += 1) {
      await sim.clock.advance(random.int(30_000));
      const rollouts = [...sim.invariants.rollouts.keys()];
      if (random.chance(0.3)) await press(sim, random, pick(random, rollouts));
      else disturb(sim, random);
      if (i === 7 && random.chance(0.4)) await sim.request({ version: '3.0.0', strategy: 'rolling', batches: '50%' });
    }
    for (let i = 0; i < OWNERS; i += 1) sim.executors.at(i).life.wake();
    sim.fleet.setMessageFaults({});
    const unended = await endThemAll(sim);
    return unended.length > 0 ? unended : hiddenHosts(sim);
  });
}
