import type { ServiceCapacity, Weights } from '../traffic.js';

/** Of a rollout that shifts traffic, and of freezes; on `exec` streams with the other events of the rollout. */
export type TrafficEvent =
  /** What stands on a side, when it has changed. */
  | { readonly type: 'SideSeen'; readonly side: string; readonly services: readonly ServiceCapacity[] }
  /** The side is to have so much of each service. */
  | {
      readonly type: 'SideScaleOrdered';
      readonly stage: number;
      readonly side: string;
      readonly services: readonly { readonly service: string; readonly desired: number }[];
    }
  /** Decided; `back`: all traffic to the old side, because the rollout ends without success. */
  | {
      readonly type: 'WeightSet';
      readonly stage: number;
      readonly weights: Weights;
      readonly why: 'stage' | 'manual' | 'back';
      readonly reason?: string;
    }
  /** The document stands in the KV bucket and with every publisher of the plan. */
  | { readonly type: 'WeightPublished'; readonly weights: Weights; readonly version: number }
  /** From here on nothing leads back to the old side. */
  | { readonly type: 'SideRetireOrdered'; readonly side: string }
  | { readonly type: 'SideRetired'; readonly side: string }
  /** `until`: ms since the epoch. Nothing is admitted, no weight of the new side grows, until it is thawed. */
  | { readonly type: 'RolloutFrozen'; readonly freeze: string; readonly until: number; readonly words: string }
  | { readonly type: 'RolloutThawed'; readonly freeze: string }
  /** A hotfix goes on in spite of the freezes that hold now; `by` answers for it. */
  | { readonly type: 'FreezeOverridden'; readonly by: string; readonly reason: string };
