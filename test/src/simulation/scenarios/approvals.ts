import type { ApprovalName, CommandResult } from '@sluice/contracts';
import { type Random, seededRandom } from '@sluice/testing';

import { Simulation } from '../simulation.js';
import { pick, play, type Run, type ScenarioOptions } from './scenario.js';

const DAY = 86_400_000;
const REFUSALS: ReadonlySet<string> = new Set(['NOT_OFFERED', 'CONFLICT', 'NOT_ALLOWED', 'PLAN_CHANGED']);

interface Answer {
  readonly approval: ApprovalName;
  /** The key under which it was said. */
  readonly key: string;
  readonly result: CommandResult;
}

/** Several people approve the same thing within a few milliseconds, one of them twice with the same words. */
function crowd(sim: Simulation, random: Random): Promise<Answer>[] {
  const answers: Promise<Answer>[] = [];
  sim.on((event, id) => {
    if (event.type !== 'ApprovalRequested') return;
    const { approval, planHash } = event;
    answers.push(...intruders(sim, random, { id, approval, planHash }));
    const people = 2 + random.int(3);
    for (let i = 0; i < people; i += 1) {
      const key = sim.nextCommand();
      for (let times = i === 0 ? 2 : 1; times > 0; times -= 1) {
        const said = new Promise<Answer>((resolve, reject) => {
          sim.clock.schedule(1 + random.int(3), () => {
            const answer = sim.tell(id, { type: 'approve', approval, planHash }, `approver-${i}`, key);
            answer.then((result) => resolve({ approval, key, result })).catch(reject);
          });
        });
        answers.push(said);
      }
    }
  });
  return answers;
}

interface Asked {
  readonly id: string;
  readonly approval: ApprovalName;
  readonly planHash: string;
}

/** The requester says yes to the own rollout, and somebody to another plan: neither is ever heard. */
function intruders(sim: Simulation, random: Random, { id, approval, planHash }: Asked): Promise<Answer>[] {
  const said = [
    ['rita', planHash],
    ['piet', 'ab'.repeat(32)],
  ] as const;
  return said.map(
    ([actor, hash]) =>
      new Promise((resolve, reject) => {
        sim.clock.schedule(random.int(3), () => {
          const answer = sim.tell(id, { type: 'approve', approval, planHash: hash }, actor);
          answer.then((result) => resolve({ approval, key: actor, result })).catch(reject);
        });
      }),
  );
}

/** One of the people was heard, as often as they said it; the others were told why not. */
function judge(answers: readonly Answer[], approval: ApprovalName): string[] {
  const mine = answers.filter((answer) => answer.approval === approval);
  const heard = new Set(mine.filter(({ result }) => result.ok).map(({ key }) => key));
  const wrong = heard.size === 1 ? [] : [`${heard.size} approvals of ${approval} were taken`];
  for (const key of ['rita', 'piet']) if (heard.has(key)) wrong.push(`I13: ${key} must not approve, and did`);
  for (const { key, result } of mine) {
    if (heard.has(key) !== result.ok) wrong.push(`${key} was answered once with yes and once with no`);
    if (!result.ok && !REFUSALS.has(result.code)) wrong.push(`${key} was refused: ${result.code}`);
  }
  return wrong;
}

/** C3: two and more approvals at once have one effect, also when the executor dies of the first. */
export async function* c3({ seed, fleet }: ScenarioOptions): AsyncIterable<Run> {
  const random = seededRandom(seed).fork('C3');
  const hosts = fleet ?? 3 + random.int(12);
  const killed = random.chance(0.4);
  const sim = new Simulation({ seed, hosts });
  yield await play(sim, { scenario: 'C3', what: killed ? 'and a killed executor' : 'undisturbed' }, async () => {
    const said = crowd(sim, random);
    if (killed) sim.on((event) => (event.type === 'ApprovalGranted' ? sim.kill('executor') : undefined));
    const id = await sim.request({ interval: '0s', bake: '5s' });
    const ended = await sim.until(() => sim.ended(id));
    if (!ended) return [`it is ${sim.model(id).status}`];
    const answers = await Promise.all(said);
    const enabled = sim.timeline.filter(({ event }) => event.type === 'TargetsAdmitted' && event.run === 'enable');
    return [
      ...judge(answers, 'canary'),
      ...judge(answers, 'batches'),
      ...(enabled.length === 1 ? [] : [`the canary was enabled ${enabled.length} times`]),
      ...(sim.model(id).end === 'RolloutSucceeded' ? [] : [`it ended with ${sim.model(id).end}`]),
    ];
  });
}

/** C13: nobody approves for 30 days, services die meanwhile; nothing happens, and then it goes on. */
export async function* c13({ seed, fleet }: ScenarioOptions): AsyncIterable<Run> {
  const random = seededRandom(seed).fork('C13');
  const hosts = fleet ?? 3 + random.int(8);
  const idle = pick<ApprovalName>(random, ['canary', 'batches']);
  const sim = new Simulation({ seed, hosts, helloEveryMs: DAY / 8 });
  yield await play(sim, { scenario: 'C13', what: `before the approval "${idle}"` }, async () => {
    const id = await sim.request({ interval: '0s', bake: '5s', gates: ['settled'] });
    const wrong: string[] = [];
    for (const approval of ['canary', 'batches'] as const) {
      await sim.until(() => sim.model(id).wanted === approval);
      await sim.clock.advance(60_000);
      if (approval === idle) wrong.push(...(await idleFor(sim, random, 30)));
      const { planHash } = sim.model(id);
      const answer = await sim.command(id, { type: 'approve', approval, planHash }, 'piet');
      if (!answer.ok) wrong.push(`the approval of ${approval} was refused: ${answer.message}`);
    }
    await sim.until(() => sim.ended(id));
    return sim.model(id).end === 'RolloutSucceeded' ? wrong : [...wrong, `it ended with ${sim.model(id).end}`];
  });
}

async function idleFor(sim: Simulation, random: Random, days: number): Promise<string[]> {
  const { counters } = sim.fleet;
  const before = [sim.invariants.events, counters.runs, counters.notServing];
  for (let day = 0; day < days; day += 1) {
    await sim.clock.advance(DAY);
    if (random.chance(0.2)) sim.kill(pick(random, ['planner', 'executor', 'gate'] as const));
  }
  const after = [sim.invariants.events, counters.runs, counters.notServing];
  return before.join() === after.join()
    ? []
    : [`events, runs and hosts out went from ${before.join()} to ${after.join()}`];
}
