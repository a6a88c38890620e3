import type { ArtifactRef, DeployRequest, Plan, PlanTraffic, TrafficWishes } from '@sluice/contracts';
import { formatDuration } from '@sluice/kernel';

import { gatesAgain } from './gate-documents.js';

/** A shift of traffic as a request says it: the same stages, gates and approvals, to whichever side is dark by then. */
export function byShift(plan: Plan, traffic: PlanTraffic): Partial<DeployRequest> {
  const { strategy, approvals, mode, gateSpecs, onCanaryFailure, rollbackable } = plan;
  const isCanary = strategy === 'canary';
  const isOneWay = isCanary && traffic.approveBefore === traffic.weights[0]?.weight;
  return {
    ...(strategy === 'rollback' ? {} : { strategy }),
    approvals,
    mode,
    ...(isCanary ? { onCanaryFailure, bake: formatDuration(traffic.dwellMs) } : {}),
    // Of a canary, nothing else asks before its first weight.
    ...(isOneWay ? { dataCompatible: 'oneWay' } : {}),
    ...(gateSpecs === undefined ? {} : { gates: gatesAgain([], gateSpecs) }),
    ...(rollbackable === undefined ? {} : { rollbackable }),
    traffic: wishesOf(traffic, isCanary),
  };
}

function wishesOf(traffic: PlanTraffic, isCanary: boolean): TrafficWishes {
  const { weights, smokeDark, services } = traffic;
  const smoked = weights.flatMap(({ weight, smoke }) => (smoke === true ? [weight] : []));
  const smokeAt = smokeDark === true ? [0, ...smoked] : smoked;
  const artifacts = services.flatMap(({ name, artifact }): [string, ArtifactRef][] =>
    artifact === undefined ? [] : [[name, artifact]],
  );
  return {
    weights: weights.map(({ weight }) => weight),
    ...(smokeAt.length === 0 ? {} : { smokeAt }),
    ...(isCanary ? {} : { dwell: formatDuration(traffic.dwellMs) }),
    preScale: traffic.preScalePercent,
    readyWithin: formatDuration(traffic.readyWithinMs),
    drainWindow: formatDuration(traffic.drainWindowMs),
    ...(artifacts.length === 0 ? {} : { artifacts: Object.fromEntries(artifacts) }),
  };
}
