import type { RolloutActor } from '../actors/rollout-actor.js';
import { type ExecutorDeps, silentLogger } from '../ports.js';
import { Ramping } from '../ramps/ramping.js';
import { TrafficShifting } from '../traffic/shifting.js';
import { viewOf } from '../traffic/view.js';

/** What does something outside for rollouts: all of it is read off their state. */
export interface Work {
  follow(actor: RolloutActor): void;
  resume(actor: RolloutActor): Promise<void>;
  forget(id: string): void;
  stop(): void;
}

/** Those whose ports there are: sides and weights, and variables of fleets. */
export function worksOf({ traffic, ramps, clock, logger = silentLogger }: ExecutorDeps): readonly Work[] {
  return [
    ...(traffic === undefined ? [] : [new TrafficShifting<RolloutActor>(traffic, viewOf, clock, logger)]),
    ...(ramps === undefined ? [] : [new Ramping(ramps, clock, logger)]),
  ];
}
