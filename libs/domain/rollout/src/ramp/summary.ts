import type { Scalar } from '@sluice/contracts';

import type { RolloutState } from '../state.js';
import type { RampSight } from './progress.js';

/** A ramp at a glance. */
export interface RampSummary {
  readonly fleet: string;
  readonly variable: string;
  readonly from: Scalar;
  readonly to: Scalar;
  readonly durationMs: number;
  /** As the variable was seen last, to about a twentieth of the hosts; absent: not yet. */
  readonly seen?: RampSight;
}

/** Undefined for a rollout that is no ramp. */
export function summarizeRamp({ plan, ramp }: RolloutState): RampSummary | undefined {
  if (plan?.ramp === undefined || ramp === undefined) return undefined;
  const { fleet, spec } = plan.ramp;
  const { name: variable, from, to, schedule } = spec;
  const durationMs = schedule.kind === 'linear' ? schedule.durationMs : (schedule.points.at(-1)?.[0] ?? 0);
  return { fleet, variable, from, to, durationMs, ...(ramp.seen === undefined ? {} : { seen: ramp.seen }) };
}
