import { type Prepared, serveBench } from '../child.js';
import { startBenchExecutor } from '../executor.js';
import { planOf, released, targetsOf, writePlan } from '../rollouts.js';
import type { BrakeOrder } from './brake.js';

/** The executor, warmed up by rollouts that nobody brakes. */
async function startProduct({ servers, warmUps, targets }: BrakeOrder): Promise<Prepared<void, object>> {
  const executor = await startBenchExecutor(servers);
  const { log } = executor;
  for (let i = 1; i <= warmUps; i += 1) {
    const all = targetsOf(targets);
    const plan = planOf({ group: 'warm-up', version: String(i), targets: all });
    const seal = await writePlan(log, plan, all);
    const from = (await log.position()) + 1;
    await seal();
    await released(log, [plan], from);
  }
  return { run: () => Promise.resolve(), check: () => ({}), stop: () => executor.stop() };
}

await serveBench(startProduct);
