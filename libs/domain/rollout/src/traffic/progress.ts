import type { PlanTraffic, ServiceCapacity, Weights } from '@sluice/contracts';

/** So much of each service on a side. */
export interface SideOrder {
  readonly side: string;
  readonly services: readonly { readonly service: string; readonly desired: number }[];
}

/** When a stage was entered and passed, ms since the epoch; `passedAt` 0 = not yet. */
export interface StageTimes {
  readonly stage: number;
  readonly enteredAt: number;
  passedAt: number;
}

/** How a shift of traffic stands. `evolve` updates it in place. Times are ms since the epoch. */
export interface TrafficProgress {
  /** What stands on each side, as it was seen last. */
  readonly sides: Map<string, readonly ServiceCapacity[]>;
  ordered: SideOrder | undefined;
  /** Set last, in force only when they are published; undefined = never moved. */
  weights: Weights | undefined;
  /** Why they were set. */
  why: 'stage' | 'manual' | 'back' | undefined;
  /** They are set and not yet in force everywhere. */
  pending: boolean;
  /** Weights were set since the current stage was entered: it does not set its own once more. */
  moved: boolean;
  /** In force everywhere, `at` a time; undefined = this rollout has published nothing. */
  published: { readonly weights: Weights; readonly version: number; readonly at: number } | undefined;
  retireOrdered: boolean;
  retired: boolean;
  /** End of the dwell of the current stage, once it has begun. */
  dwellUntil: number | undefined;
  /** The log lost its tail: weights may be out there of which it knows nothing. */
  doubtful: boolean;
  readonly stages: StageTimes[];
  /** Created instances of all services times ms, by side, until `countedAt`. */
  readonly instanceMs: Map<string, number>;
  countedAt: number;
  readonly pauses: { count: number; ms: number; since: number };
}

export const freshTraffic = (): TrafficProgress => ({
  sides: new Map(),
  ordered: undefined,
  weights: undefined,
  why: undefined,
  pending: false,
  moved: false,
  published: undefined,
  retireOrdered: false,
  retired: false,
  dwellUntil: undefined,
  doubtful: false,
  stages: [],
  instanceMs: new Map(),
  countedAt: 0,
  pauses: { count: 0, ms: 0, since: 0 },
});

/** `weight` percent to the new side, the rest to the old one. */
export const weightsOf = (shift: PlanTraffic, weight: number): Weights => ({
  [shift.newSide]: weight,
  [shift.oldSide]: 100 - weight,
});

/** Percent of the new side that was set last. */
export const weightSet = (shift: PlanTraffic, { weights }: TrafficProgress): number => weights?.[shift.newSide] ?? 0;

/** Percent of the new side that is in force everywhere. */
export const weightInForce = (shift: PlanTraffic, { published }: TrafficProgress): number =>
  published?.weights[shift.newSide] ?? 0;

export function sameWeights(a: Weights, b: Weights): boolean {
  const sides = Object.keys(a);
  return sides.length === Object.keys(b).length && sides.every((side) => a[side] === b[side]);
}
