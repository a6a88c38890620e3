import type { DeployRequest, Plan, PlanRamp, RampLimit, RampWishes } from '@sluice/contracts';
import { formatDuration } from '@sluice/kernel';

import { gatesAgain } from './gate-documents.js';

/** A ramp as a request says it: to the same value over the same time, from whatever hosts have by then. */
export function byRamp({ approvals, gateSpecs, rollbackable }: Plan, { spec }: PlanRamp): Partial<DeployRequest> {
  const limits = Object.entries(spec.limits).map(([role, { pace, ...counts }]): readonly [string, RampLimit] => [
    role,
    pace === undefined ? counts : { ...counts, pace: { changes: pace.changes, window: formatDuration(pace.windowMs) } },
  ]);
  return {
    strategy: 'ramp',
    approvals,
    ...(gateSpecs === undefined ? {} : { gates: gatesAgain([], gateSpecs) }),
    ...(rollbackable === undefined ? {} : { rollbackable }),
    ramp: {
      variable: spec.name,
      to: spec.to,
      over: overOf(spec.schedule),
      ...(limits.length === 0 ? {} : { limits: Object.fromEntries(limits) }),
    },
  };
}

const overOf = (schedule: PlanRamp['spec']['schedule']): RampWishes['over'] =>
  schedule.kind === 'linear'
    ? formatDuration(schedule.durationMs)
    : schedule.points.map(([ms, fraction]) => ({
        after: formatDuration(ms),
        percent: Math.round(fraction * 1e8) / 1e6,
      }));
