import type { DeployRequest, DomainEvent, RolloutCommand, RolloutEvent } from '@sluice/contracts';
import { type Random, seededRandom, type StepFaults } from '@sluice/testing';

import { FakeBalancer } from '../fake-balancer.js';
import { hostName, Simulation } from '../simulation.js';
import { pick, play, type Run, type ScenarioOptions } from './scenario.js';
import { endThemAll } from './way-out.js';

const STEPS = ['download', 'install', 'verify'] as const;

/** Some hosts fail a step of their agents, at their first attempt or at every one. */
function badHosts(random: Random, hosts: number): StepFaults {
  const faults = new Map<string, { readonly step: string; readonly always: boolean }>();
  for (let host = 0; host < hosts; host += 1)
    if (random.chance(0.2)) faults.set(hostName(host), { step: pick(random, STEPS), always: random.chance(0.3) });
  return ({ host, step, version, n }) => {
    const fault = faults.get(host);
    return fault?.step === step && version !== '1.0.0' && (fault.always || n === 1) ? { kind: 'fail' } : undefined;
  };
}

const anyRequest = (random: Random, version: string): Partial<DeployRequest> => ({
  version,
  strategy: pick(random, ['canary', 'rolling'] as const),
  batches: pick(random, ['10%', '50%', '2']),
  interval: '0s',
  bake: '0s',
  failureThreshold: pick(random, [25, 100]),
  approvals: { batches: 'policy' },
  onCanaryFailure: pick(random, ['hold', 'rollback'] as const),
  lb: pick(random, ['required', 'degrade'] as const),
  ...(random.chance(0.4) ? { prefetch: true } : {}),
  ...(random.chance(0.3) ? { stepRetries: { drain: 1, verify: 1, enable: 1 } } : {}),
});

const anyCommand = (random: Random, hosts: number): RolloutCommand =>
  pick(random, [
    { type: 'resume' },
    { type: 'resume' },
    { type: 'retry' },
    { type: 'retry' },
    { type: 'pause' },
    { type: 'cancel' },
    { type: 'rollback' },
    { type: 'skip', host: hostName(random.int(hosts)) },
    { type: 'waive', host: hostName(random.int(hosts)) },
  ] as const);

type AtBalancer = Extract<RolloutEvent, { readonly type: 'StepSucceeded' | 'DrainSkipped' }>;

const isAtBalancer = (event: DomainEvent): event is AtBalancer =>
  event.type === 'DrainSkipped' ||
  (event.type === 'StepSucceeded' && (event.step === 'drain' || event.step === 'enable'));

/**
 * A host that the balancer has out is named by the last rollout that touched it: as out of service, or as one that went on
 * without the balancer and so cannot know (an executor that was killed meanwhile does not tell the balancer later).
 */
function forgotten(sim: Simulation, balancer: FakeBalancer): string[] {
  const rollouts = [...sim.invariants.rollouts.values()].toReversed();
  return [...balancer.drained].flatMap((name) => {
    for (const { id, targets } of rollouts) {
      const index = targets.findIndex(({ host }) => host === name);
      const steps = sim.timeline.flatMap(({ id: of, event }) =>
        of === id && isAtBalancer(event) && event.target === index ? [event.type] : [],
      );
      if (steps.length === 0) continue;
      const { out, where } = targets[index] ?? { out: false, where: 'nobody' };
      const isNamed = out || where === 'excluded' || steps.includes('DrainSkipped');
      return isNamed ? [] : [`TAR-41: the balancer has ${name} out, and it is ${where}`];
    }
    return [`TAR-41: the balancer has ${name} out, and nobody did it`];
  });
}

/**
 * A load balancer that comes and goes while agents fail, executors die and people say what they like: in the end it has
 * nobody out whom the log calls in service.
 */
export async function* degraded({ seed, fleet }: ScenarioOptions): AsyncIterable<Run> {
  const random = seededRandom(seed).fork('degraded');
  const hosts = fleet ?? 3 + random.int(12);
  const balancer = new FakeBalancer();
  const sim = new Simulation({
    seed,
    hosts,
    faults: badHosts(random, hosts),
    approveAfterMs: 1 + random.int(10_000),
    balancer,
  });
  yield await play(sim, { scenario: 'degraded', what: `${hosts} hosts behind a balancer` }, async () => {
    const first = await sim.request({ version: '1.0.0', strategy: 'rolling', batches: '50%', interval: '0s' });
    await sim.until(() => sim.ended(first));
    await sim.request(anyRequest(random, '2.0.0'));
    for (let i = 0; i < 20 && sim.invariants.violations.length === 0; i += 1) {
      await sim.clock.advance(random.int(30_000));
      const dice = random.int(10);
      if (dice < 4) balancer.isDown = !balancer.isDown;
      else if (dice < 6) sim.kill('executor');
      else if (dice === 6) await sim.groupCommand({ type: 'exclude', host: hostName(random.int(hosts)) });
      else await sim.command(pick(random, [...sim.invariants.rollouts.keys()]), anyCommand(random, hosts));
      if (i === 12 && random.chance(0.3)) await sim.request(anyRequest(random, '3.0.0')).catch(() => undefined);
    }
    balancer.isDown = false;
    const unended = await endThemAll(sim);
    return unended.length > 0 ? unended : forgotten(sim, balancer);
  });
}
