import { dependencyStreamId, shardOfGroup } from '@sluice/contracts';
import {
  decideDependency,
  type DependencyInput,
  type DependencyState,
  evolveDependency,
  initialDependency,
} from '@sluice/dependency';

import type { ActorDeps } from '../actors/actor-parts.js';
import { SharedActor, type StreamOf } from '../actors/shared-actor.js';

export const dependencyStream = (name: string): StreamOf<'dependency'> => ({
  shard: shardOfGroup(name),
  writer: 'dependency',
  id: dependencyStreamId(name),
});

/** One dependency. */
export class DependencyActor extends SharedActor<'dependency', DependencyState, DependencyInput> {
  constructor(
    readonly name: string,
    deps: ActorDeps,
    onChanged: (actor: DependencyActor) => void,
  ) {
    const behaviour = {
      initial: initialDependency,
      decide: (state: DependencyState, input: DependencyInput, now: number) =>
        decideDependency(name, state, input, now),
      evolve: evolveDependency,
    };
    super(dependencyStream(name), behaviour, deps, () => onChanged(this));
  }
}
