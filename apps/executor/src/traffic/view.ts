import type { PlanTraffic, ServiceCapacity } from '@sluice/contracts';
import { isTerminal, planOf, type TrafficWork, trafficWork } from '@sluice/rollout';

import { EXECUTOR, type RolloutActor } from '../actors/rollout-actor.js';
import type { SidePlace, WeightsPlace } from './ports.js';

/** What the worker reads off the state of a rollout that shifts traffic. */
export interface ShiftView {
  readonly work: TrafficWork;
  readonly seen: ReadonlyMap<string, readonly ServiceCapacity[]>;
  /** Its course waits for what the sides say. */
  readonly awaited: boolean;
  /** Its way ends anyhow: nobody is told of trouble. */
  readonly ending: boolean;
  readonly weights: WeightsPlace;
  side(name: string): SidePlace;
}

/** A rollout as the worker sees it. */
export type ShiftActor = Pick<RolloutActor, 'id' | 'submit' | 'atRest' | 'isBusy'>;

/** Undefined for a rollout that shifts no traffic. */
export type ViewOf<A extends ShiftActor = RolloutActor> = (actor: A) => ShiftView | undefined;

export function viewOf(actor: RolloutActor): ShiftView | undefined {
  const { state } = actor;
  const shift = state.plan?.traffic;
  if (shift === undefined || state.traffic === undefined) return undefined;
  const { group } = planOf(state);
  const { by, rev } = actor.lastShift ?? { by: EXECUTOR.id, rev: 0 };
  const work = trafficWork(state);
  return {
    work,
    seen: state.traffic.sides,
    awaited: work.scale !== undefined || state.wait?.kind === 'capacity',
    ending: state.status === 'settling' || isTerminal(state.status),
    weights: { group, rollout: actor.id, token: state.token, rev, by, publish: shift.publish },
    side: (side) => sidePlace(actor, shift, side),
  };
}

function sidePlace({ id: rollout, state }: RolloutActor, shift: PlanTraffic, side: string): SidePlace {
  const { group, app, version, spec } = planOf(state);
  const { capacity, services } = shift;
  const role = side === shift.newSide ? 'new' : 'old';
  return { rollout, group, app, version, artifact: spec.artifact, side, role, capacity, services };
}
