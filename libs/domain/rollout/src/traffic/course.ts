import { type PlanTraffic, type RolloutEvent, type Stage, stageAt, type TrafficPart } from '@sluice/contracts';
import { unreachable } from '@sluice/kernel';

import { enter } from '../decide/enter.js';
import { planOf, type RolloutState } from '../state.js';
import { type SideOrder, type TrafficProgress, weightInForce, weightSet, weightsOf } from './progress.js';
import { capacityCause, orderOf, shortOf } from './readiness.js';

/** What every step of the course reads. */
interface Shifting {
  readonly state: RolloutState;
  readonly traffic: TrafficProgress;
  readonly shift: PlanTraffic;
  readonly stage: Stage;
  readonly now: number;
}

type Decided = readonly RolloutEvent[];

/** The next thing for a shift of traffic that runs, nothing when it waits; undefined when all of its stages have passed. */
export function advanceShift(state: RolloutState, traffic: TrafficProgress, now: number): Decided | undefined {
  const plan = planOf(state);
  const stage = stageAt(plan, state.stage.index);
  if (plan.traffic === undefined || stage?.traffic === undefined) return undefined;
  const shifting: Shifting = { state, traffic, shift: plan.traffic, stage, now };
  return state.stage.entered ? onStage(shifting, stage.traffic) : enterStage(shifting, stage.traffic);
}

function onStage(shifting: Shifting, part: TrafficPart): Decided {
  switch (part.kind) {
    case 'preScale':
      return preScale(shifting, part);
    case 'weight':
      return atWeight(shifting, part);
    case 'retire':
      return retire(shifting, part);
    default:
      return unreachable(part, 'stage of a shift');
  }
}

function enterStage(shifting: Shifting, part: TrafficPart): Decided {
  const { state, stage, now } = shifting;
  const entered = enter(state, stage, now);
  const begins = entered[0]?.type === 'StageEntered' && part.kind === 'preScale';
  return begins ? [...entered, capacityWait(shifting)] : entered;
}

/** The new side gets its share of the old one's capacity once, and is ready and tested before its first request. */
function preScale(shifting: Shifting, part: Extract<TrafficPart, { readonly kind: 'preScale' }>): Decided {
  const { state, shift, traffic, stage, now } = shifting;
  const { ordered } = traffic;
  if (ordered === undefined) {
    const order = orderOf(shift, traffic);
    if (order === undefined) return awaitCapacity(shifting);
    return [{ type: 'SideScaleOrdered', stage: stage.index, ...order }, capacityWait(shifting)];
  }
  if (part.early && owesGates(shifting)) return [ask(shifting, now)];
  if (shortOf(shift, traffic, ordered).length > 0) return awaitCapacity(shifting, ordered);
  if (owesGates(shifting)) return [ask(shifting, now)];
  return isPassed(state, stage) ? [passed(stage)] : [];
}

/** It is left when the dwell is over, its gates have passed and every service of the side is ready (SWB-04, SWB-16). */
function atWeight(shifting: Shifting, part: Extract<TrafficPart, { readonly kind: 'weight' }>): Decided {
  const { state, shift, traffic, stage, now } = shifting;
  const { dwellUntil, pending, moved } = traffic;
  // What a person set higher by hand stays (SWB-02).
  if (!moved && weightSet(shift, traffic) < part.weight)
    return [{ type: 'WeightSet', stage: stage.index, weights: weightsOf(shift, part.weight), why: 'stage' }];
  if (pending) return [];
  if (dwellUntil === undefined) return [wait(shifting, 'dwell', dwellFrom(traffic, now) + part.dwellMs)];
  if (owesGates(shifting)) return [ask(shifting, dwellUntil)];
  if (now < dwellUntil || !isPassed(state, stage)) return [];
  if (shortOf(shift, traffic).length > 0) return awaitCapacity(shifting);
  return isHeldBack(shifting) ? [] : [passed(stage)];
}

/** From the publication of the stage's weight; nothing is published when a person had set a higher one before. */
function dwellFrom({ published, stages }: TrafficProgress, now: number): number {
  return Math.max(published?.at ?? 0, stages.at(-1)?.enteredAt ?? now);
}

/** A person took traffic back from the last weight: nothing raises it again but a person. */
const isHeldBack = ({ shift, traffic, stage }: Shifting): boolean =>
  stage.index === shift.weights.length && weightInForce(shift, traffic) < 100;

/** The old side goes when requests that were under way at the switch have had their time (STR-03, SWB-07). */
function retire(shifting: Shifting, part: Extract<TrafficPart, { readonly kind: 'retire' }>): Decided {
  const { state, shift, traffic, stage, now } = shifting;
  const { retired, retireOrdered, pending, published } = traffic;
  if (retired) return [passed(stage)];
  if (retireOrdered || pending || published === undefined || weightInForce(shift, traffic) < 100) return [];
  const until = published.at + part.drainWindowMs;
  if (now >= until) return [{ type: 'SideRetireOrdered', side: shift.oldSide }];
  return state.wait?.until === until ? [] : [wait(shifting, 'drain', until)];
}

const passed = (stage: Stage): RolloutEvent => ({ type: 'StagePassed', stage: stage.index });

const isPassed = ({ stage: { passed: those } }: RolloutState, { gates }: Stage): boolean =>
  gates.every((gate) => those.has(gate));

const owesGates = ({ state, stage }: Shifting): boolean => stage.gates.length > 0 && !state.stage.asked;

const ask = ({ state, stage }: Shifting, passNotBefore: number): RolloutEvent => ({
  type: 'GatesRequested',
  stage: stage.index,
  round: state.stage.round + 1,
  gates: stage.gates,
  passNotBefore,
});

const wait = ({ stage }: Shifting, kind: 'dwell' | 'drain' | 'capacity', until: number): RolloutEvent => ({
  type: 'WaitStarted',
  wait: kind,
  stage: stage.index,
  until,
});

const capacityWait = (shifting: Shifting): RolloutEvent =>
  wait(shifting, 'capacity', shifting.now + shifting.shift.readyWithinMs);

function awaitCapacity(shifting: Shifting, order?: SideOrder): Decided {
  const { state, shift, traffic, now } = shifting;
  if (state.wait?.kind !== 'capacity') return [capacityWait(shifting)];
  return now < state.wait.until ? [] : [{ type: 'RolloutBraked', cause: capacityCause(shift, traffic, order) }];
}
