import type { BatchSizes, Plan } from './plan.js';
import type { GateName } from './request.js';

export type StageEntry =
  | { readonly kind: 'none' }
  | { readonly kind: 'delay'; readonly ms: number }
  | { readonly kind: 'approval'; readonly approval: 'batches'; readonly by: 'required' | 'policy' };

/** One TargetsStage (design 6.3): targets [from, to) of the plan, entered by `entry`, left through `gates`. */
export interface Stage {
  readonly index: number;
  readonly name: string;
  readonly from: number;
  readonly to: number;
  /** Canary: hold after verify, and enable only on approval. */
  readonly hold: boolean;
  readonly entry: StageEntry;
  /** Watched for so long after the last target is done. */
  readonly bakeMs: number;
  readonly gates: readonly GateName[];
}

type StagePlan = Pick<Plan, 'canaries' | 'batches' | 'waits' | 'approvals' | 'gates'>;

export const batchCount = (batches: BatchSizes): number => batches.reduce((sum, [, times]) => sum + times, 0);

export const stageCount = (plan: Pick<Plan, 'canaries' | 'batches'>): number =>
  (plan.canaries > 0 ? 1 : 0) + batchCount(plan.batches);

/** The stage with that index, or undefined outside the plan. O(runs of equal sizes), not O(batches). */
export function stageAt(plan: StagePlan, index: number): Stage | undefined {
  if (index < 0) return undefined;
  const hasCanary = plan.canaries > 0;
  if (hasCanary && index === 0) {
    return {
      index,
      name: 'canary',
      from: 0,
      to: plan.canaries,
      hold: true,
      entry: { kind: 'none' },
      bakeMs: plan.waits.bakeMs,
      gates: plan.gates,
    };
  }
  const ordinal = hasCanary ? index : index + 1;
  const span = batchSpan(plan.batches, ordinal - 1);
  if (span === undefined) return undefined;
  const [from, to] = [plan.canaries + span[0], plan.canaries + span[1]];
  return {
    index,
    name: `batch ${ordinal}`,
    from,
    to,
    hold: false,
    entry: batchEntry(plan, ordinal, hasCanary),
    bakeMs: 0,
    gates: plan.gates,
  };
}

/** Waits of design 6.5: none before batch 1, interval before 2, tailInterval from batch tailFrom on. */
function batchEntry(plan: StagePlan, ordinal: number, hasCanary: boolean): StageEntry {
  if (ordinal === 1)
    return hasCanary ? { kind: 'approval', approval: 'batches', by: plan.approvals.batches } : { kind: 'none' };
  const ms = ordinal >= plan.waits.tailFrom ? plan.waits.tailIntervalMs : plan.waits.intervalMs;
  return ms > 0 ? { kind: 'delay', ms } : { kind: 'none' };
}

/** Targets [from, to) of the batch, counted without canaries. */
function batchSpan(batches: BatchSizes, index: number): readonly [number, number] | undefined {
  let before = 0;
  let left = index;
  for (const [size, times] of batches) {
    if (left < times) return [before + left * size, before + (left + 1) * size];
    before += size * times;
    left -= times;
  }
  return undefined;
}
