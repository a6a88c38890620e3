import type { PlanTraffic, ServiceCapacity, Weights } from '@sluice/contracts';

import { isUnderWay, type RolloutState } from '../state.js';
import { type StageTimes, type TrafficProgress, weightInForce, weightSet, weightsOf } from './progress.js';
import { shortOf } from './readiness.js';

/** A side at a glance. */
export interface SideSummary {
  readonly name: string;
  readonly weight: number;
  /** As it was seen last; empty = not yet. */
  readonly services: readonly ServiceCapacity[];
  /** Created instances of all its services times hours, while this rollout was under way (SWB-20). */
  readonly capacityHours: number;
  readonly retired?: true;
}

/** A shift of traffic at a glance. Times are ms since the epoch, durations ms. */
export interface TrafficSummary {
  readonly old: SideSummary;
  readonly new: SideSummary;
  /** The side with all traffic; absent while both have some (SWB-01). */
  readonly live?: string;
  /** In force everywhere. */
  readonly weights: Weights;
  /** Of the document with them; absent: this rollout has published none. */
  readonly version?: number;
  /** Decided and not in force everywhere yet. */
  readonly wanted?: Weights;
  /** Services of the new side that are not ready, in words. */
  readonly short: readonly string[];
  /** A person took traffic back from the last weight and has to give it again: nothing raises it by itself. */
  readonly awaitsWeight?: true;
  readonly stages: readonly Readonly<StageTimes>[];
  /** How often it was paused, and for how long in all, but for a pause that lasts (SWB-14). */
  readonly pauses: { readonly count: number; readonly ms: number; readonly since?: number };
}

/** Up to the last event; undefined for a rollout that shifts no traffic. */
export function summarizeTraffic(state: RolloutState): TrafficSummary | undefined {
  const { traffic } = state;
  const shift = state.plan?.traffic;
  if (traffic === undefined || shift === undefined) return undefined;
  const { pauses, retired, stages } = traffic;
  const weight = weightInForce(shift, traffic);
  const old = sideOf(traffic, shift.oldSide, 100 - weight);
  return {
    old: retired ? { ...old, retired } : old,
    new: sideOf(traffic, shift.newSide, weight),
    ...documentsOf(shift, traffic),
    short: isUnderWay(state) ? shortOf(shift, traffic).map(({ words }) => words) : [],
    ...(awaitsWeight(state, shift, traffic) ? { awaitsWeight: true } : {}),
    stages: stages.map((times) => ({ ...times })),
    pauses: { count: pauses.count, ms: pauses.ms, ...(pauses.since === 0 ? {} : { since: pauses.since }) },
  };
}

function documentsOf(
  shift: PlanTraffic,
  traffic: TrafficProgress,
): Pick<TrafficSummary, 'live' | 'weights' | 'version' | 'wanted'> {
  const { published, pending, weights } = traffic;
  const weight = weightInForce(shift, traffic);
  const live = weight === 0 ? shift.oldSide : shift.newSide;
  return {
    ...(weight === 0 || weight === 100 ? { live } : {}),
    weights: weightsOf(shift, weight),
    ...(published === undefined ? {} : { version: published.version }),
    ...(pending && weights !== undefined ? { wanted: weights } : {}),
  };
}

function sideOf({ sides, instanceMs }: TrafficProgress, name: string, weight: number): SideSummary {
  const hours = (instanceMs.get(name) ?? 0) / 3_600_000;
  return { name, weight, services: sides.get(name) ?? [], capacityHours: Math.round(hours * 1_000) / 1_000 };
}

/** From the last weight on only a person raises what a person has lowered. */
function awaitsWeight({ status, stage }: RolloutState, shift: PlanTraffic, traffic: TrafficProgress): boolean {
  const isLast = stage.index > shift.weights.length || (stage.index === shift.weights.length && stage.entered);
  return status === 'running' && isLast && weightSet(shift, traffic) < 100;
}
