import {
  ALL_SHARDS,
  type EventMeta,
  type EventsOfWriter,
  type Fault,
  hashOf,
  type Plan,
  type PlanTarget,
  readTraceparent,
  type RecordedCommit,
  rollbackRequestId,
  refusalIdOf,
  rolloutIdOf,
  rolloutSpan,
  traceparentOf,
} from '@sluice/contracts';
import {
  makeRollbackPlan,
  planStream,
  type Refusal,
  type RollbackInput,
  sealPlan,
  type TouchedTarget,
} from '@sluice/planning';

import { addedTargets } from './added-targets.js';
import { type Because, PlanStreams, planStreamOf } from './plan-streams.js';
import type { PlannerDeps } from './ports.js';

type RollbackRequested = Extract<EventsOfWriter['exec'], { type: 'RollbackRequested' }>;

interface Asked {
  readonly badRollout: string;
  readonly event: RollbackRequested;
  readonly meta: EventMeta;
}

/** What became of a rollback that the log asks for; `known`: it was planned or refused before. */
export type RollbackOutcome = { readonly rolloutId: string; readonly outcome: 'planned' | 'refused' | 'known' };

export interface RollbackListener {
  /** What lies before this position is done. */
  seen(position: number): void;
  answered(rollback: RollbackOutcome): void;
}

/** Plans the rollbacks that the executor asks for in the log (RollbackRequested on `exec` streams). */
export class RollbackPlanner {
  readonly #streams: PlanStreams;

  constructor(private readonly deps: PlannerDeps) {
    this.#streams = new PlanStreams(deps.log, deps.clock, deps.newId);
  }

  /**
   * Reads the log from a position on and then follows it live, until the signal aborts. Everything it does may be done
   * again, so it may start at 1 after a restart. Throws when the log cannot be used, or a rollback not be planned: start
   * again at the position that was seen last.
   */
  async follow(from: number, signal: AbortSignal, listener: RollbackListener): Promise<void> {
    for await (const seen of this.deps.log.follow({ shards: ALL_SHARDS, writers: ['exec'], from, signal })) {
      if (seen.kind === 'live') continue;
      listener.seen(seen.commit.head.position);
      for (const asked of rollbacksIn(seen.commit)) listener.answered(await this.plan(asked));
    }
  }

  /** Plans one rollback, once. */
  async plan({ badRollout, event, meta }: Asked): Promise<RollbackOutcome> {
    const bad = await this.#sealedPlan(badRollout);
    const requestId = rollbackRequestId(badRollout, event.ordinal);
    const because = { cause: requestId, corr: meta.corr };
    if (bad === undefined)
      return this.#refuse(refusalIdOf(requestId), because, { requestId, faults: missing(badRollout) });
    const rolloutId = rolloutIdOf(bad.group, requestId);
    const { app, group } = bad;
    const known = await this.#streams.state(rolloutId);
    if (known.sealed || known.lastRefusal !== undefined) return { rolloutId, outcome: 'known' };
    const to = await this.#sealedPlan(event.to.rolloutId);
    if (to === undefined)
      return this.#refuse(rolloutId, because, { requestId, faults: missing(event.to.rolloutId), app, group });
    const { exclusions } = await this.deps.groups.factsOf(bad.group);
    const made = makeRollbackPlan({
      rolloutId,
      requestId,
      to,
      ...(await this.#machines(to)),
      rollbackOf: badRollout,
      touched: await this.#touched(bad, event),
      exclusions,
      requestedBy: meta.by,
      reason: event.reason,
    });
    if (!made.ok) return this.#refuse(rolloutId, because, { requestId, faults: made.faults, app, group });
    const trace = await this.#traceOf(badRollout);
    const sealed = sealPlan(made.draft, made.targets);
    const input = { type: 'plan', sealed, ...(trace === undefined ? {} : { trace }) } as const;
    const before = await this.#streams.settle(rolloutId, because, input);
    return { rolloutId, outcome: before.sealed ? 'known' : 'planned' };
  }

  /** What tells how each host is installed; a plan of one profile in a group of one needs none of it. */
  async #machines(to: Plan): Promise<Pick<RollbackInput, 'recorded' | 'group' | 'members'>> {
    const { inventory } = this.deps;
    try {
      const group = (await inventory.group(to.group))?.entry;
      if (to.profiles === undefined && (group?.profiles ?? []).length === 0)
        return { recorded: [], group, members: [] };
      const [recorded, members] = await Promise.all([this.#targets(to.rolloutId), inventory.members(to.group)]);
      return { recorded, group, members: members.map(({ entry }) => entry) };
    } catch {
      // The way back needs no inventory: what was recorded of the success says how each of its hosts is installed.
      return { recorded: await this.#targets(to.rolloutId), group: undefined, members: [] };
    }
  }

  /**
   * What the bad rollout touched. A scale-out is taken back in the whole group: what it brought to more hosts is what the
   * other hosts run, and after it the group runs the success before (TRS-08).
   */
  async #touched(bad: Plan, event: RollbackRequested): Promise<readonly TouchedTarget[]> {
    const planned = await this.#targets(bad.rolloutId);
    const isWhole = event.targets.every((target) => target < planned.length);
    const added = isWhole ? [] : await addedTargets(this.deps.log, bad.rolloutId, planned.length);
    const touched = touchedTargets([...planned, ...added], event);
    if (bad.strategy !== 'scaleOut') return touched;
    const known = new Set(touched.map(({ host }) => host));
    const members = await this.deps.inventory.members(bad.group);
    const others = members.flatMap(({ entry }): TouchedTarget[] => {
      const { host, site, running, serving, down } = entry;
      const isOther = entry.app === bad.app && running === bad.version && down !== true && !known.has(host);
      return isOther ? [{ host, site, down: serving === false }] : [];
    });
    return [...touched, ...others];
  }

  async #refuse(streamId: string, because: Because, refused: Omit<Refusal, 'documentHash'>): Promise<RollbackOutcome> {
    const refusal = { ...refused, documentHash: hashOf(refused.requestId) };
    await this.#streams.settle(streamId, because, { type: 'refuse', refusal });
    return { rolloutId: streamId, outcome: 'refused' };
  }

  async #sealedPlan(rolloutId: string): Promise<Plan | undefined> {
    const last = (await this.deps.log.last(planStreamOf(rolloutId)))?.events.at(-1);
    return last?.type === 'RolloutPlanned' ? last.plan : undefined;
  }

  /** A way back belongs to the trace of the rollout that it takes back. */
  async #traceOf(rolloutId: string): Promise<string | undefined> {
    const last = (await this.deps.log.last(planStreamOf(rolloutId)))?.events.at(-1);
    const trace = readTraceparent(last?.type === 'RolloutPlanned' ? last.trace : undefined);
    return trace === undefined ? undefined : traceparentOf(rolloutSpan(trace, rolloutId));
  }

  async #targets(rolloutId: string): Promise<readonly PlanTarget[]> {
    let state = planStream.initialState();
    for await (const commit of this.deps.log.read(planStreamOf(rolloutId))) {
      for (const event of commit.events) {
        if (event.type === 'RolloutPlanned') return state.targets;
        state = planStream.evolve(state, event, commit.head.at);
      }
    }
    return [];
  }
}

function rollbacksIn(commit: RecordedCommit): readonly Asked[] {
  return commit.events.flatMap((event, i): Asked[] => {
    const meta = commit.meta[i];
    return event.type === 'RollbackRequested' && meta !== undefined
      ? [{ badRollout: commit.stream.id, event, meta }]
      : [];
  });
}

function touchedTargets(
  targets: readonly PlanTarget[],
  { targets: touched, down }: RollbackRequested,
): readonly TouchedTarget[] {
  const isDown = new Set(down);
  return touched.flatMap((index): TouchedTarget[] => {
    const target = targets[index];
    return target === undefined ? [] : [{ host: target.host, site: target.site, down: isDown.has(index) }];
  });
}

function missing(rolloutId: string): readonly Fault[] {
  const message = `the log has no plan of ${rolloutId}: deploy the version that is wanted by a request of its own`;
  return [{ path: '/to', code: 'PLAN_MISSING', message }];
}
