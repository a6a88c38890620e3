import type { RolloutModel } from '@sluice/audit';
import type { DeployRequest, RolloutCommand } from '@sluice/contracts';
import {
  type FakeHost,
  type MessageFaults,
  type Random,
  seededRandom,
  type StepFault,
  type StepFaults,
} from '@sluice/testing';

import { hostName, Simulation } from '../simulation.js';
import { hiddenHosts, pick, play, type Run, type ScenarioOptions } from './scenario.js';
import { freezeAny, thaw } from './freezes.js';
import { endThemAll } from './way-out.js';

const MINUTE = 60_000;
const SERVICES = ['planner', 'executor', 'gate'] as const;
const STEPS = ['probe', 'drain', 'download', 'install', 'verify', 'enable'] as const;

/** Some hosts do badly at some step of some version, at their first attempt or at every one. */
function badHosts(random: Random, hosts: number): StepFaults {
  const faults = new Map<string, StepFault>();
  const kinds: readonly StepFault[] = [
    { kind: 'fail' },
    { kind: 'fail', serving: true },
    { kind: 'hang' },
    { kind: 'slow', factor: 30 },
    { kind: 'crash', downMs: 5_000 + random.int(120_000) },
    { kind: 'lie' },
    { kind: 'restartFails' },
  ];
  const share = random.next() / 3;
  for (let host = 0; host < hosts; host += 1) {
    if (!random.chance(share)) continue;
    const attempts = random.chance(0.6) ? [1] : [1, 2, 3, 4];
    const [step, version, kind] = [pick(random, STEPS), pick(random, ['2.0.0', '3.0.0']), pick(random, kinds)];
    for (const n of attempts) faults.set(`${hostName(host)} ${step} ${version} ${n}`, kind);
  }
  return ({ host, step, version, n }) => faults.get(`${host} ${step} ${version} ${n}`);
}

function badMessages(random: Random): MessageFaults {
  const share = (): number => (random.chance(0.4) ? random.next() / 5 : 0);
  return {
    loseCommand: share(),
    loseReply: share(),
    duplicateCommand: share(),
    loseReport: share(),
    loseReportAnswer: share(),
    duplicateReport: share(),
    delayReportMs: 1 + random.int(4_000),
    lateCommand: share(),
    lateCommandMs: 1 + random.int(4 * MINUTE),
  };
}

/** What a request may say about single steps: tries, waivers, and the download before the drain. */
function anySteps(random: Random): Partial<DeployRequest> {
  const tries = (): number => random.int(3);
  return {
    ...(random.chance(0.4) ? { stepRetries: { download: tries(), install: tries(), verify: tries() } } : {}),
    ...(random.chance(0.2) ? { onVerifyFailure: { then: 'waive', waivedBy: 'vera' } } : {}),
    ...(random.chance(0.3) ? { prefetch: true } : {}),
  };
}

function anyRequest(random: Random, version: string): Partial<DeployRequest> {
  return {
    version,
    strategy: pick(random, ['canary', 'rolling', 'canary', 'rolling', 'scaleOut'] as const),
    batches: pick(random, ['0%', '10%', '25%', '50%', '2', '10%+20%+30%+40%']),
    interval: pick(random, ['0s', '5s', '1m']),
    tailInterval: pick(random, ['0s', '20s']),
    bake: pick(random, ['0s', '30s']),
    mode: random.chance(0.15) ? 'manual' : 'automatic',
    failureThreshold: pick(random, [5, 25, 100]),
    extraFailures: random.chance(0.2) ? 1 + random.int(3) : 0,
    ...(random.chance(0.2) ? { minServing: 1 + random.int(4) } : {}),
    onCanaryFailure: pick(random, ['hold', 'rollback'] as const),
    approvals: { batches: pick(random, ['required', 'policy'] as const) },
    ...anySteps(random),
  };
}

const COMMANDS: readonly ((random: Random, hosts: number) => RolloutCommand)[] = [
  () => ({ type: 'pause' }),
  () => ({ type: 'resume' }),
  () => ({ type: 'resume' }),
  () => ({ type: 'retry' }),
  () => ({ type: 'retry' }),
  () => ({ type: 'proceed' }),
  () => ({ type: 'cancel' }),
  () => ({ type: 'rollback' }),
  () => ({ type: 'close' }),
  (random, hosts) => ({ type: 'waive', host: hostName(random.int(hosts)) }),
  (random, hosts) => ({ type: 'skip', host: hostName(random.int(hosts)) }),
  (random) => ({ type: 'override', extraFailures: random.int(4) }),
  (random) => ({ type: 'setMode', mode: pick(random, ['automatic', 'manual'] as const) }),
  (random) => ({ type: 'setInterval', intervalMs: random.int(10_000), tailIntervalMs: random.int(5_000) }),
];

/** A command; now and then the same words arrive twice. */
async function say(sim: Simulation, random: Random, id: string): Promise<void> {
  const command = pick(random, COMMANDS)(random, sim.options.hosts);
  const key = sim.nextCommand();
  await sim.command(id, command, 'olga', key);
  if (random.chance(0.2)) await sim.command(id, command, 'olga', key);
}

/** Machines come and go, and clocks are set. */
function turn(sim: Simulation, random: Random, broken: Set<string>): void {
  const host = hostName(random.int(sim.options.hosts));
  const dice = random.int(5);
  if (dice > 1) {
    sim.freezes.isTimeless = true;
    sim.skew[pick(random, SERVICES)] += (random.int(3) - 1) * 60 * MINUTE;
  } else if (broken.size < 2) {
    broken.add(host);
    if (dice === 0) sim.fleet.vanish(host);
    else sim.fleet.replace(host, pick(random, [null, '1.0.0']));
  }
}

/** A service or an agent dies, or the network gets worse. */
function fault(sim: Simulation, random: Random, dice: number): void {
  const host = sim.fleet.host(hostName(random.int(sim.options.hosts)));
  if (dice < 2) sim.kill('executor');
  else if (dice === 2) sim.kill(pick(random, ['planner', 'gate'] as const));
  else if (dice < 5) cut(sim, host, random.int(3 * MINUTE));
  else if (dice === 5 && host.up) host.crash(random.int(MINUTE));
  else sim.fleet.setMessageFaults(badMessages(random));
}

/** One thing that somebody does, or that happens, in the middle of everything. */
async function happen(sim: Simulation, random: Random, broken: Set<string>): Promise<void> {
  const rollouts = [...sim.invariants.rollouts.keys()];
  const host = hostName(random.int(sim.options.hosts));
  const dice = random.int(22);
  if (dice < 10) await say(sim, random, pick(random, rollouts));
  else if (dice < 17) fault(sim, random, dice - 10);
  else if (dice < 19) await sim.groupCommand({ type: random.chance(0.5) ? 'exclude' : 'include', host });
  else if (dice === 19) turn(sim, random, broken);
  else if (dice === 20) await freezeOrOn(sim, random, pick(random, rollouts));
  else await mayNotApprove(sim, sim.model(pick(random, rollouts)), random);
}

/** A freeze for a while, or a hotfix in spite of it. */
async function freezeOrOn(sim: Simulation, random: Random, id: string): Promise<void> {
  if (random.chance(0.3)) await sim.command(id, { type: 'hotfix' });
  else await freezeAny(sim, random, 5 * MINUTE);
}

/** The requester says yes to the own rollout; or somebody says yes to another plan. */
async function mayNotApprove(sim: Simulation, { id, planHash, wanted }: RolloutModel, random: Random): Promise<void> {
  const approval = wanted ?? 'canary';
  const answer = random.chance(0.5)
    ? await sim.command(id, { type: 'approve', approval, planHash }, 'rita')
    : await sim.command(id, { type: 'approve', approval, planHash: 'ab'.repeat(32) }, 'piet');
  if (answer.ok) sim.errors.push(`I13: an approval that must be refused was taken by ${id}`);
}

function cut(sim: Simulation, host: FakeHost, ms: number): void {
  host.connected = false;
  sim.clock.schedule(ms, () => {
    host.connected = true;
  });
}

async function calmDown(sim: Simulation, broken: ReadonlySet<string>): Promise<readonly string[]> {
  sim.fleet.setMessageFaults({});
  for (const service of SERVICES) sim.skew[service] = 0;
  await thaw(sim);
  // Nobody knows whether they are well, so gates would hold for them for ever.
  for (const host of broken) await sim.groupCommand({ type: 'exclude', host });
  const unended = await endThemAll(sim);
  return unended.length > 0 ? unended : hiddenHosts(sim, broken);
}

/** Everything at once: bad hosts, bad network, killed services, commands at random. The invariants hold, and it ends. */
export async function* chaos({ seed, fleet }: ScenarioOptions): AsyncIterable<Run> {
  const random = seededRandom(seed).fork('chaos');
  const hosts = fleet ?? 3 + random.int(25);
  const sim = new Simulation({
    seed,
    hosts,
    faults: badHosts(random, hosts),
    messages: badMessages(random),
    approveAfterMs: 1 + random.int(30_000),
  });
  yield await play(sim, { scenario: 'chaos', what: `${hosts} hosts` }, async () => {
    const broken = new Set<string>();
    const first = await sim.request({ version: '1.0.0', strategy: 'rolling', batches: '50%', interval: '0s' });
    await sim.until(() => sim.ended(first) || sim.model(first).status === 'braked');
    await sim.request(anyRequest(random, '2.0.0')).catch(() => undefined);
    for (let i = 0; i < 25 && sim.invariants.violations.length === 0; i += 1) {
      await sim.clock.advance(random.int(40_000));
      if (i === 12 && random.chance(0.5)) await sim.request(anyRequest(random, '3.0.0')).catch(() => undefined);
      await happen(sim, random, broken);
    }
    return calmDown(sim, broken);
  });
}
