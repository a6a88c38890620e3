import type { RolloutEvent, TrafficEvent } from '@sluice/contracts';
import { unreachable } from '@sluice/kernel';

import { isUnderWay, type RolloutState } from '../state.js';
import { type TrafficProgress, sameWeights } from './progress.js';

/** Events that only a shift of traffic has. */
export type ShiftEvent = Exclude<
  TrafficEvent,
  { readonly type: 'RolloutFrozen' | 'RolloutThawed' | 'FreezeOverridden' }
>;

export function evolveShift({ traffic }: RolloutState, event: ShiftEvent, at: number): void {
  if (traffic === undefined) return;
  switch (event.type) {
    case 'SideSeen':
      traffic.sides.set(event.side, event.services);
      break;
    case 'SideScaleOrdered':
      traffic.ordered = { side: event.side, services: event.services };
      break;
    case 'WeightSet':
      traffic.weights = event.weights;
      traffic.why = event.why;
      traffic.pending = true;
      traffic.moved = true;
      break;
    case 'WeightPublished':
      traffic.published = { weights: event.weights, version: event.version, at };
      if (traffic.weights !== undefined && sameWeights(traffic.weights, event.weights)) traffic.pending = false;
      break;
    case 'SideRetireOrdered':
      traffic.retireOrdered = true;
      break;
    case 'SideRetired':
      traffic.retired = true;
      break;
    default:
      unreachable(event, 'traffic event');
  }
}

/** What stood on the sides since the last event: counted before the event changes it (SWB-20). */
export function countCapacity(state: RolloutState, at: number): void {
  const { traffic } = state;
  if (traffic === undefined) return;
  const ms = isUnderWay(state) && traffic.countedAt > 0 ? at - traffic.countedAt : 0;
  traffic.countedAt = at;
  if (ms <= 0) return;
  for (const [side, services] of traffic.sides) {
    const created = services.reduce((sum, service) => sum + service.created, 0);
    traffic.instanceMs.set(side, (traffic.instanceMs.get(side) ?? 0) + created * ms);
  }
}

/** What the course of every rollout means for a shift: times of its stages, its dwell, its pauses (SWB-14). */
export function followCourse({ traffic }: RolloutState, event: RolloutEvent, at: number): void {
  if (traffic === undefined) return;
  switch (event.type) {
    case 'StageEntered':
      traffic.moved = false;
      traffic.stages.push({ stage: event.stage, enteredAt: at, passedAt: 0 });
      break;
    case 'StagePassed':
      stagePassed(traffic, at);
      break;
    case 'WaitStarted':
      if (event.wait === 'dwell') traffic.dwellUntil = event.until;
      break;
    case 'RolloutPaused':
      traffic.pauses.count += 1;
      traffic.pauses.since = at;
      break;
    case 'RolloutBraked':
      if (event.cause.kind === 'log') traffic.doubtful = true;
      endPause(traffic, at);
      break;
    case 'RolloutResumed':
    case 'RolloutSettling':
    case 'RolloutSucceeded':
      endPause(traffic, at);
      break;
    default:
  }
}

function stagePassed(traffic: TrafficProgress, at: number): void {
  const last = traffic.stages.at(-1);
  if (last !== undefined) last.passedAt = at;
  traffic.dwellUntil = undefined;
}

function endPause({ pauses }: TrafficProgress, at: number): void {
  if (pauses.since === 0) return;
  pauses.ms += at - pauses.since;
  pauses.since = 0;
}
