import type { GateName, GatePhase, GateSpec } from './gates.js';
import type { BatchSizes, Plan } from './plan.js';
import type { PlanTraffic } from './traffic.js';
import type { PlanRamp } from './variables.js';

export type StageEntry =
  | { readonly kind: 'none' }
  | { readonly kind: 'delay'; readonly ms: number }
  | { readonly kind: 'approval'; readonly approval: 'batches'; readonly by: 'required' | 'policy' };

/** What a stage without targets does (a TrafficStage of design 6.3). Weights are percent of the new side. */
export type TrafficPart =
  | { readonly kind: 'preScale'; readonly percent: number; readonly smoke: boolean; readonly early: boolean }
  | { readonly kind: 'weight'; readonly weight: number; readonly smoke: boolean; readonly dwellMs: number }
  | { readonly kind: 'retire'; readonly drainWindowMs: number };

/**
 * A TargetsStage (design 6.3): targets [from, to) of the plan, entered by `entry`, left through `gates`. With `traffic`
 * it is a TrafficStage and has no targets.
 */
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
  /** What must pass before it is left: the built-in gates, and those of the plan that measure at the exit and decide. */
  readonly gates: readonly GateName[];
  /** What must pass before it is entered. */
  readonly entryGates: readonly GateName[];
  readonly traffic?: TrafficPart;
  /** A RampStage: the only one of its plan, without targets. */
  readonly ramp?: PlanRamp;
}

type StagePlan = Pick<
  Plan,
  'canaries' | 'batches' | 'waits' | 'approvals' | 'gates' | 'gateSpecs' | 'traffic' | 'ramp'
>;

export const batchCount = (batches: BatchSizes): number => batches.reduce((sum, [, times]) => sum + times, 0);

export function stageCount(plan: Pick<Plan, 'canaries' | 'batches' | 'traffic' | 'ramp'>): number {
  if (plan.ramp !== undefined) return 1;
  return plan.traffic === undefined ? targetStages(plan) : plan.traffic.weights.length + 2;
}

const targetStages = (plan: Pick<Plan, 'canaries' | 'batches'>): number =>
  (plan.canaries > 0 ? 1 : 0) + batchCount(plan.batches);

/** The stage with that index, or undefined outside the plan. O(runs of equal sizes), not O(batches). */
export function stageAt(plan: StagePlan, index: number): Stage | undefined {
  if (index < 0) return undefined;
  if (plan.ramp !== undefined) return index === 0 ? rampStage(plan, plan.ramp) : undefined;
  if (plan.traffic !== undefined) return trafficStage(plan, plan.traffic, index);
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
      ...gatesOf(plan),
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
    ...gatesOf(plan),
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

/** Gates of the plan that measure at this phase of the stage, those that only record included. */
export function specsAt(
  plan: Pick<Plan, 'gateSpecs'>,
  stage: Pick<Stage, 'traffic'>,
  phase: GatePhase,
): readonly GateSpec[] {
  return (plan.gateSpecs ?? []).filter((spec) => spec.at.includes(phase) && appliesTo(spec, stage));
}

/** Requests are only sent to a side where the plan says so; nothing is measured while a side is retired. */
function appliesTo({ measure }: GateSpec, { traffic }: Pick<Stage, 'traffic'>): boolean {
  if (traffic === undefined) return true;
  if (traffic.kind === 'retire') return false;
  return measure.kind === 'smoke' ? traffic.smoke : traffic.kind === 'weight';
}

const deciding = (specs: readonly GateSpec[]): GateName[] =>
  specs.filter(({ onFail }) => onFail !== 'record').map(({ name }) => name);

function gatesOf(plan: StagePlan, traffic?: TrafficPart): Pick<Stage, 'gates' | 'entryGates'> {
  const stage = traffic === undefined ? {} : { traffic };
  const own = deciding(specsAt(plan, stage, 'exit'));
  return {
    gates: traffic === undefined ? (own.length === 0 ? plan.gates : [...plan.gates, ...own]) : own,
    entryGates: deciding(specsAt(plan, stage, 'entry')),
  };
}

/** Pre-scale, one stage for each weight, retire. */
function trafficStage(plan: StagePlan, shift: PlanTraffic, index: number): Stage | undefined {
  const part = trafficPart(shift, index);
  if (part === undefined) return undefined;
  const asks = part.kind === 'weight' && part.weight === shift.approveBefore;
  return {
    index,
    name: part.kind === 'weight' ? `weight ${part.weight}` : part.kind === 'retire' ? 'retire' : 'pre-scale',
    from: 0,
    to: 0,
    hold: false,
    entry: asks ? { kind: 'approval', approval: 'batches', by: plan.approvals.batches } : { kind: 'none' },
    bakeMs: 0,
    ...gatesOf(plan, part),
    traffic: part,
  };
}

/** All of a ramp is one stage: its limits and its schedule are the variable's. */
const rampStage = (plan: StagePlan, ramp: PlanRamp): Stage => ({
  index: 0,
  name: 'ramp',
  from: 0,
  to: 0,
  hold: false,
  entry:
    plan.approvals.batches === 'required'
      ? { kind: 'approval', approval: 'batches', by: 'required' }
      : { kind: 'none' },
  bakeMs: 0,
  ...gatesOf(plan),
  ramp,
});

function trafficPart(shift: PlanTraffic, index: number): TrafficPart | undefined {
  if (index === 0) {
    const smoke = shift.smokeDark === true;
    return { kind: 'preScale', percent: shift.preScalePercent, smoke, early: smoke && shift.smokeEarly === true };
  }
  const at = shift.weights[index - 1];
  if (at !== undefined) return { kind: 'weight', weight: at.weight, smoke: at.smoke === true, dwellMs: shift.dwellMs };
  return index === shift.weights.length + 1 ? { kind: 'retire', drainWindowMs: shift.drainWindowMs } : undefined;
}
