import { type Plan, stageAt, stageCount } from '@sluice/contracts';
import {
  type Phase,
  phaseAt,
  planOf,
  type RolloutState,
  type RolloutSummary,
  summarizeRollout,
  targetsOf,
  type TargetView,
} from '@sluice/rollout';

import { outputLink } from '../outputs/links.js';
import type { LabelView } from './label-index.js';
import type { LoadedRollout } from './rollout-loader.js';

/** Targets [from, to) of the plan. */
export interface BatchRow {
  readonly stage: number;
  readonly name: string;
  readonly from: number;
  readonly to: number;
  readonly status: 'passed' | 'current' | 'pending';
}

/** One rollout as a whole (TAR-16). `batches` are the first MAX_BATCHES; the plan has all of them in short. */
export interface RolloutDetail extends RolloutSummary {
  readonly rev: number;
  readonly plan: Plan;
  readonly batches: readonly BatchRow[];
  /** What somebody said it was, last. */
  readonly label?: LabelView;
}

const MAX_BATCHES = 1_000;

export function rolloutDetail({ state, rev }: LoadedRollout): RolloutDetail {
  return { ...summarizeRollout(state), rev, plan: planOf(state), batches: batchRows(state) };
}

function batchRows(state: RolloutState): BatchRow[] {
  const plan = planOf(state);
  const rows: BatchRow[] = [];
  const end = Math.min(stageCount(plan), MAX_BATCHES);
  for (let index = 0; index < end; index += 1) {
    const stage = stageAt(plan, index);
    if (stage === undefined) break;
    const { name, from, to } = stage;
    rows.push({ stage: index, name, from, to, status: statusOf(index, state.stage.index) });
  }
  return rows;
}

function statusOf(index: number, current: number): BatchRow['status'] {
  if (index === current) return 'current';
  return index < current ? 'passed' : 'pending';
}

/** A host of the rollout, one to one with the app's server list (TAR-18). */
export interface TargetRow extends TargetView {
  /** `host:port` where the app was last seen; null when nobody knows. */
  readonly address: string | null;
  readonly canary: boolean;
  readonly site?: string;
  readonly from?: string;
  /** Address of what its last step wrote, when that failed. */
  readonly output?: string;
}

export interface TargetRange {
  readonly from: number;
  readonly limit: number;
  readonly phase?: Phase;
}

type EndpointOf = (group: string, host: string) => string | null;

/** One page of targets. `next` is the index that continues; undefined at the end. */
export function targetPage(
  state: RolloutState,
  range: TargetRange,
  endpointOf: EndpointOf,
): { items: TargetRow[]; next: number | undefined } {
  const { rolloutId, group, canaries } = planOf(state);
  const items: TargetRow[] = [];
  let index = Math.max(0, range.from);
  for (; index < state.targets.length && items.length < range.limit; index += 1) {
    if (range.phase !== undefined && phaseAt(state, index) !== range.phase) continue;
    const [view] = targetsOf(state, index, index + 1);
    const target = state.targets[index];
    if (view === undefined || target === undefined) break;
    items.push({
      ...view,
      address: endpointOf(group, view.host),
      canary: index < canaries,
      ...(target.site === undefined ? {} : { site: target.site }),
      ...(target.from === undefined ? {} : { from: target.from }),
      ...outputOf(rolloutId, view),
    });
  }
  return { items, next: index < state.targets.length ? index : undefined };
}

const outputOf = (rollout: string, { host, step, code, n }: TargetView): Pick<TargetRow, 'output'> =>
  step === undefined || code === undefined ? {} : { output: outputLink(rollout, host, step, n) };
