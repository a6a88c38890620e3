import type { GateName, TargetCounts } from '@sluice/contracts';
import { type GateFrame, type GateInputs, type GatePolicy, type ReadyTarget, tally } from '@sluice/gating';
import { SluiceError } from '@sluice/kernel';
import { phaseAt } from '@sluice/rollout';

import type { OpenRequest, RolloutWatch } from './rollout-watch.js';

export interface Judging {
  readonly now: number;
  readonly policy: GatePolicy;
  /** Why heartbeats cannot be read, or undefined. */
  readonly problem: string | undefined;
}

/** Everything that one gate of the open request is judged from. */
export function inputsOf(watch: RolloutWatch, request: OpenRequest, gate: GateName, judging: Judging): GateInputs {
  const frame: GateFrame = {
    stage: request.stage.index,
    round: request.round,
    at: judging.now,
    passNotBefore: request.passNotBefore,
    positions: { request: request.position, exec: watch.execPosition },
  };
  switch (gate) {
    case 'settled':
      return { gate, ...frame, targets: request.stage.to - request.stage.from, ...standing(watch, request) };
    case 'ready':
      return { gate, ...frame, ...readiness(watch, judging) };
    default:
      throw new SluiceError('UNKNOWN_GATE', `no gate "${gate.slice(0, 60)}" can be judged here`);
  }
}

function standing(
  watch: RolloutWatch,
  { stage }: OpenRequest,
): { readonly inStep: number; readonly counts: TargetCounts } {
  const counts = { done: 0, skipped: 0, failed: 0, unknown: 0, excluded: 0, untouched: 0 };
  let inStep = 0;
  for (let target = stage.from; target < stage.to; target += 1) {
    const phase = phaseAt(watch.state, target);
    if (phase === 'pending' || phase === 'verified') counts.untouched += 1;
    else if (Object.hasOwn(counts, phase)) counts[phase as keyof typeof counts] += 1;
    else inStep += 1;
  }
  return { inStep, counts };
}

function readiness(watch: RolloutWatch, { now, policy, problem }: Judging) {
  const { version } = watch.plan;
  const counted = tally(readyTargets(watch), { version, policy: policy.ready, now });
  return {
    policy: policy.ready,
    version,
    ...counted,
    ...(problem === undefined ? {} : { problem: problem.slice(0, 200) }),
  };
}

function* readyTargets(watch: RolloutWatch): Generator<ReadyTarget> {
  for (const target of watch.cameThrough()) {
    yield { host: watch.state.targets[target]?.host ?? '', reading: watch.readings.get(target) };
  }
}
