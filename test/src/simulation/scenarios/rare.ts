import type { DomainEvent } from '@sluice/contracts';

import { hostName, Simulation } from '../simulation.js';
import { play, type Run, type ScenarioOptions } from './scenario.js';

const DAY = 86_400_000;
const SCENARIO = 'rare';
const ONE_BY_ONE = { strategy: 'rolling', batches: '0%', interval: '0s', gates: ['settled'] } as const;
/** Facts of a group between two of its checkpoints, and a few more. */
const MANY = 110;

const must = (holds: boolean, what: string): string[] => (holds ? [] : [what]);

const has = (sim: Simulation, type: DomainEvent['type']): string[] =>
  must(
    sim.timeline.some(({ event }) => event.type === type),
    `there is no ${type}`,
  );

const ended = (sim: Simulation, id: string): Promise<boolean> => sim.until(() => sim.ended(id), DAY);

/** A person says no: it ends, and the next one may come. */
async function rejected(sim: Simulation): Promise<readonly string[]> {
  const id = await sim.request({ interval: '5s' });
  await sim.until(() => sim.model(id).wanted !== undefined, DAY);
  const { wanted } = sim.model(id);
  if (wanted === undefined) return ['nobody was asked'];
  await sim.command(id, { type: 'reject', approval: wanted }, 'piet');
  await ended(sim, id);
  return [...has(sim, 'ApprovalRejected'), ...must(sim.ended(id), 'it goes on')];
}

/** A verify that fails, and a person who answers for it; a batch that is let go before its time. */
async function waived(sim: Simulation): Promise<readonly string[]> {
  const id = await sim.request({ ...ONE_BY_ONE, interval: '10m' });
  for (let round = 0; round < 60 && !sim.ended(id); round += 1) {
    await sim.clock.advance(60_000);
    const failed = sim.model(id).targets.find(({ where, failedAt }) => where === 'failed' && failedAt === 'verify');
    if (failed !== undefined) await sim.command(id, { type: 'waive', host: failed.host });
    else await sim.command(id, { type: 'proceed' });
  }
  return [...has(sim, 'VerifyWaived'), ...must(sim.ended(id), `it is ${sim.model(id).status}`)];
}

/** A version that is blocked and free again; so many facts of a group that it says all of itself at once. */
async function blocked(sim: Simulation): Promise<readonly string[]> {
  await sim.groupCommand({ type: 'block', version: '6.6.6' });
  await sim.groupCommand({ type: 'unblock', version: '6.6.6' });
  for (let i = 0; i < MANY / 2; i += 1) {
    await sim.groupCommand({ type: 'exclude', host: hostName(0) });
    await sim.groupCommand({ type: 'include', host: hostName(0) });
  }
  const id = await sim.request(ONE_BY_ONE);
  await ended(sim, id);
  return [...has(sim, 'VersionUnblocked'), ...has(sim, 'GroupCheckpointed'), ...must(sim.ended(id), 'it goes on')];
}

/** What hardly ever happens elsewhere, one at a time; golden histories have it from here. */
export async function* rare({ seed }: ScenarioOptions): AsyncIterable<Run> {
  const world = (): Simulation => new Simulation({ seed, hosts: 4, helloEveryMs: 0, approveAfterMs: undefined });
  yield await play(world(), { scenario: SCENARIO, what: 'rejected' }, rejected);
  const failing = new Simulation({
    ...{ seed, hosts: 4, helloEveryMs: 0 },
    faults: ({ host, step, version }) =>
      host === hostName(1) && step === 'verify' && version === '2.0.0' ? { kind: 'fail', serving: true } : undefined,
  });
  yield await play(failing, { scenario: SCENARIO, what: 'waived' }, waived);
  yield await play(world(), { scenario: SCENARIO, what: 'blocked' }, blocked);
}
