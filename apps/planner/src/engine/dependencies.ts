import { dependencyStreamId, shardOfGroup, type StreamName } from '@sluice/contracts';
import { type DependencyState, evolveDependency, forcedAt, initialDependency } from '@sluice/dependency';
import type { EventLog } from '@sluice/event-log';
import type { Clock } from '@sluice/kernel';

import type { DependenciesPort } from './ports.js';

/**
 * What operators said about a dependency, read through from its stream: a mode that was forced a moment ago holds for
 * the next plan.
 */
export class LogDependencies implements DependenciesPort {
  readonly #known = new Map<string, { readonly rev: number; readonly state: DependencyState }>();

  constructor(
    private readonly log: EventLog,
    private readonly clock: Clock,
  ) {}

  async mayUseStale(dependency: 'cmdb'): Promise<string | undefined> {
    const now = this.clock.now();
    const forced = forcedAt(await this.#stateOf(dependency), now);
    if (forced?.mode !== 'open') return undefined;
    const reason = forced.reason === '' ? '' : ` (${forced.reason})`;
    return `${dependency} is forced open until ${new Date(forced.until).toISOString()}${reason}`;
  }

  async #stateOf(name: string): Promise<DependencyState> {
    const stream: StreamName & { writer: 'dependency' } = {
      shard: shardOfGroup(name),
      writer: 'dependency',
      id: dependencyStreamId(name),
    };
    let known = this.#known.get(name) ?? { rev: 0, state: initialDependency() };
    const last = await this.log.last(stream);
    if ((last?.head.rev ?? 0) <= known.rev) return known.state;
    for await (const { head, events } of this.log.read(stream, known.rev + 1))
      known = {
        rev: head.rev,
        state: events.reduce((state, event) => evolveDependency(state, event, head.at), known.state),
      };
    this.#known.set(name, known);
    return known.state;
  }
}
