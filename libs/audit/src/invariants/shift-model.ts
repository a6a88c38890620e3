import type { Plan, PlanTraffic, ServiceCapacity } from '@sluice/contracts';

/** A shift of traffic as an outsider reads it. Weights are percent of the new side. */
export interface ShiftModel {
  readonly plan: PlanTraffic;
  /** Set last, and in force everywhere. */
  weight: number;
  inForce: number;
  /** Set, and not in force yet. */
  pending: boolean;
  why: 'stage' | 'manual' | 'back' | undefined;
  /** Of the last publication, ms since the epoch. */
  publishedAt: number | undefined;
  version: number;
  /** When the current stage was entered, and until when traffic dwells in it, once that is known. */
  enteredAt: number;
  dwellUntil: number | undefined;
  /** How far the stages have gone up. */
  highest: number;
  ordered: readonly { readonly service: string; readonly desired: number }[] | undefined;
  readonly sides: Map<string, readonly ServiceCapacity[]>;
  retireOrdered: boolean;
  retired: boolean;
  /** What it may have published is not in the log any more. */
  doubtful: boolean;
}

export const shiftModelOf = ({ traffic }: Plan): ShiftModel | undefined =>
  traffic === undefined
    ? undefined
    : {
        plan: traffic,
        weight: 0,
        inForce: 0,
        pending: false,
        why: undefined,
        publishedAt: undefined,
        version: 0,
        enteredAt: 0,
        dwellUntil: undefined,
        highest: 0,
        ordered: undefined,
        sides: new Map(),
        retireOrdered: false,
        retired: false,
        doubtful: false,
      };

export interface ShiftStage {
  readonly kind: 'preScale' | 'weight' | 'retire' | 'none';
  readonly weight: number;
  readonly smoke: boolean;
}

/** The current stage: 0 is the pre-scaling, then one for each weight, then the retirement. */
export function shiftStageOf({
  plan: { traffic },
  stage,
}: {
  readonly plan: Plan;
  readonly stage: number;
}): ShiftStage {
  const weights = traffic?.weights ?? [];
  if (stage === 0) return { kind: 'preScale', weight: 0, smoke: traffic?.smokeDark === true };
  const at = weights[stage - 1];
  if (at !== undefined) return { kind: 'weight', weight: at.weight, smoke: at.smoke === true };
  return { kind: stage === weights.length + 1 ? 'retire' : 'none', weight: 100, smoke: false };
}

/** Services of the new side that are not all there, in words (SWB-04, SWB-16). */
export function notReady({ plan, sides, ordered }: ShiftModel, isFirst: boolean): readonly string[] {
  const seen = sides.get(plan.newSide) ?? [];
  return plan.services.flatMap(({ name }) => {
    const { desired, created, ready } = seen.find(({ service }) => service === name) ?? UNSEEN;
    const least = isFirst ? (ordered?.find(({ service }) => service === name)?.desired ?? Number.NaN) : 0;
    return desired === created && created === ready && desired >= least
      ? []
      : [`${name} ${ready} ready, ${created} created of ${desired}, ordered ${least}`];
  });
}

const UNSEEN = { desired: Number.NaN, created: 0, ready: 0 } as const;
