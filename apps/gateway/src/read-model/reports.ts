import { Lru } from './lru.js';
import { reportOf, type RolloutReport } from './report.js';
import type { RolloutIndex } from './rollout-index.js';
import type { LogReader } from './rollout-loader.js';

const KEPT_REPORTS = 32;

/** Reports are read from the log on demand; the last ones are kept while their rollout stands still. */
export class Reports {
  private readonly kept = new Lru<{ readonly rev: number; readonly report: RolloutReport }>(KEPT_REPORTS);

  constructor(
    private readonly log: LogReader,
    private readonly rollouts: RolloutIndex,
  ) {}

  async of(id: string): Promise<RolloutReport | undefined> {
    const loaded = await this.rollouts.stateOf(id);
    if (loaded === undefined) return undefined;
    const { rev } = loaded;
    const kept = this.kept.get(id);
    if (kept?.rev === rev) return kept.report;
    const report = await reportOf(this.log, id, loaded);
    this.kept.set(id, { rev, report });
    return report;
  }
}
