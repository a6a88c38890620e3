import type { PlanTraffic, Weights } from '@sluice/contracts';

import { isFrozen, isUnderWay, type RolloutState } from '../state.js';
import { type SideOrder, type TrafficProgress, weightInForce, weightSet } from './progress.js';

/** What is to be done for a shift of traffic now; done twice it does no harm. */
export interface TrafficWork {
  /** Sides whose capacity is to be told. */
  readonly look: readonly string[];
  /** The side is not asked for as much as was ordered. */
  readonly scale?: SideOrder;
  /** Decided, and not in force everywhere. */
  readonly publish?: Weights;
  /** The side that is to go. */
  readonly retire?: string;
}

const NOTHING: TrafficWork = { look: [] };

/** Read off the state alone, so a restart forgets nothing. */
export function trafficWork(state: RolloutState): TrafficWork {
  const { traffic } = state;
  const shift = state.plan?.traffic;
  if (traffic === undefined || shift === undefined || !isUnderWay(state)) return NOTHING;
  const scale = scaleWork(state, traffic);
  const publish = publishWork(state, shift, traffic);
  const retire = traffic.retireOrdered && !traffic.retired && goesOn(state);
  return {
    look: [shift.oldSide, shift.newSide],
    ...(scale === undefined ? {} : { scale }),
    ...(publish === undefined ? {} : { publish }),
    ...(retire ? { retire: shift.oldSide } : {}),
  };
}

const goesOn = (state: RolloutState): boolean => state.status === 'running' && !isFrozen(state);

/** Only before the first weight: then the autoscaler scales, and nobody else (SWB-12). */
function scaleWork(state: RolloutState, { sides, ordered }: TrafficProgress): SideOrder | undefined {
  if (ordered === undefined || state.stage.index > 0 || !goesOn(state)) return undefined;
  const seen = sides.get(ordered.side) ?? [];
  const isAsked = ordered.services.every(
    ({ service, desired }) => (seen.find((each) => each.service === service)?.desired ?? -1) >= desired,
  );
  return isAsked ? undefined : ordered;
}

/** What was decided before a brake, a pause or a freeze does not grow under it; what goes down always may. */
function publishWork(state: RolloutState, shift: PlanTraffic, traffic: TrafficProgress): Weights | undefined {
  const { pending, weights, why } = traffic;
  if (!pending || weights === undefined) return undefined;
  if (why === 'back' || weightSet(shift, traffic) <= weightInForce(shift, traffic)) return weights;
  const byHand = state.status === 'paused' && why === 'manual' && !isFrozen(state);
  return goesOn(state) || byHand ? weights : undefined;
}
