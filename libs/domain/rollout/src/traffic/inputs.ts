import type { RolloutEvent, ServiceCapacity } from '@sluice/contracts';

import type { RolloutInput } from '../inputs.js';
import { isUnderWay, planOf, type RolloutState } from '../state.js';
import { sameWeights } from './progress.js';

const MAX_WORDS = 500;

export type TrafficInput = Extract<
  RolloutInput,
  { readonly type: 'sideSeen' | 'weightPublished' | 'sideRetired' | 'trafficTrouble' }
>;

/** What the worker of a shift tells. What is known, or nobody waits for any more, is quiet. */
export function decideTraffic(state: RolloutState, input: TrafficInput): readonly RolloutEvent[] {
  if (state.traffic === undefined || !isUnderWay(state)) return [];
  switch (input.type) {
    case 'sideSeen':
      return sideSeen(state, input.side, input.services);
    case 'weightPublished':
      return weightPublished(state, input);
    case 'sideRetired':
      return sideRetired(state, input.side);
    case 'trafficTrouble':
      return trouble(state, input);
  }
}

/** Only what has changed, and only services of the plan, in its order. */
function sideSeen(state: RolloutState, side: string, seen: readonly ServiceCapacity[]): readonly RolloutEvent[] {
  const { traffic: shift } = planOf(state);
  if (shift === undefined || (side !== shift.oldSide && side !== shift.newSide)) return [];
  const services = shift.services.flatMap(({ name }) => {
    const found = seen.find(({ service }) => service === name);
    if (found === undefined) return [];
    const { service, desired, created, ready } = found;
    return [{ service, desired, created, ready }];
  });
  return sameServices(state.traffic?.sides.get(side), services) ? [] : [{ type: 'SideSeen', side, services }];
}

function sameServices(known: readonly ServiceCapacity[] | undefined, seen: readonly ServiceCapacity[]): boolean {
  if (known?.length !== seen.length) return false;
  return known.every((each, i) => {
    const now = seen[i];
    return now !== undefined && each.service === now.service && sameNumbers(each, now);
  });
}

const sameNumbers = (a: ServiceCapacity, b: ServiceCapacity): boolean =>
  a.desired === b.desired && a.created === b.created && a.ready === b.ready;

/** Of weights that were set over meanwhile nothing follows: those that hold now are published next. */
function weightPublished(
  { traffic }: RolloutState,
  { weights, version }: Extract<TrafficInput, { readonly type: 'weightPublished' }>,
): readonly RolloutEvent[] {
  if (traffic?.weights === undefined || !traffic.pending || !sameWeights(traffic.weights, weights)) return [];
  return [{ type: 'WeightPublished', weights: traffic.weights, version }];
}

function sideRetired(state: RolloutState, side: string): readonly RolloutEvent[] {
  const isOrdered = state.traffic?.retireOrdered === true && !state.traffic.retired;
  return isOrdered && side === planOf(state).traffic?.oldSide ? [{ type: 'SideRetired', side }] : [];
}

/** Whoever must publish, scale or retire does not do it: a person looks. A way back that was ordered goes on trying. */
function trouble(
  state: RolloutState,
  { dependency, words }: Extract<TrafficInput, { readonly type: 'trafficTrouble' }>,
): readonly RolloutEvent[] {
  if (state.status !== 'running') return [];
  const said = `${dependency} is needed and does not do its part: ${words}`.slice(0, MAX_WORDS);
  return [{ type: 'RolloutBraked', cause: { kind: 'dependency', words: said, numbers: {} } }];
}
