import { isRolloutId, type ReportAnswer, type RunReport, shardOfId } from '@sluice/contracts';
import type { EventLog } from '@sluice/event-log';
import { messageOf } from '@sluice/kernel';

import type { Registry } from '../actors/registry.js';
import type { RolloutActor } from '../actors/rollout-actor.js';
import type { EngineLogger } from '../ports.js';
import { LAGGING, notOpen, refusedReport, TAKEN } from './answers.js';

/** Reports of agents to the rollouts that are open here. */
export class Reports {
  constructor(
    private readonly log: EventLog,
    private readonly registry: Registry,
    private readonly logger: EngineLogger,
    /** Up to there the log has been read. */
    private readonly position: () => number,
  ) {}

  /** Ok once it is durable, or known already. */
  take(report: RunReport): Promise<ReportAnswer> {
    const { rollout, host, attempt } = report;
    const actor = this.registry.rollout(rollout);
    if (actor === undefined) return this.unlessBehind(notOpen(rollout), rollout);
    const { readings } = actor;
    return actor.submit({ type: 'report', report }, { id: host, kind: 'agent' }, attempt).then(
      () => TAKEN,
      (error: unknown) => {
        const refused = refusedReport(error);
        if (refused.ok || refused.retry) return refused;
        return actor.readings === readings ? this.unlessBehind(refused, rollout, actor) : LAGGING;
      },
    );
  }

  /**
   * A refusal that the agent takes as final must not come from an owner that lags: the one that wrote the rest may know
   * the attempt, and an agent that gives up is only found by polling.
   */
  private async unlessBehind(refused: ReportAnswer, id: string, actor?: RolloutActor): Promise<ReportAnswer> {
    try {
      if (!(await this.lags(id, actor))) return refused;
      actor?.doubt();
    } catch (error) {
      this.logger.warn({ rollout: id, reason: messageOf(error) }, 'a report that may be refused is asked for again');
    }
    return LAGGING;
  }

  /** True when the log holds more of the rollout than was read here. */
  private async lags(id: string, actor: RolloutActor | undefined): Promise<boolean> {
    const shard = shardOfId(id);
    if (shard === undefined || !isRolloutId(id)) return false;
    const last =
      (await this.log.last({ shard, writer: 'exec', id })) ?? (await this.log.last({ shard, writer: 'plan', id }));
    if (last === undefined) return false;
    if (actor === undefined) return last.head.position > this.position();
    return last.stream.writer === 'exec' && last.head.rev > actor.rev;
  }
}
