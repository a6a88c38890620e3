import type { RolloutDetail } from '@sluice/gateway';

import { rampPlanInWords, rampSeenInWords } from '../timeline/ramp.js';

type Row = readonly [string, string | undefined];

/** How a ramp stands, in place of hosts and budget. */
export function rampRows({ id, plan, ramp, actions }: RolloutDetail): readonly Row[] {
  if (plan.ramp === undefined) return [];
  return [
    ['ramp', rampPlanInWords(plan.ramp)],
    ['variable', ramp?.seen === undefined ? undefined : rampSeenInWords(ramp.seen)],
    ['way back', actions.includes('rollback') ? `sluice rollback ${id}: as fast as it came` : undefined],
  ];
}

/** How much of the hosts has the new value. */
export function shareOfRamp(ramp: NonNullable<RolloutDetail['ramp']>): string {
  const { to = 0, hosts = 0 } = ramp.seen ?? {};
  return `${to}/${hosts} ${String(ramp.to)}`;
}
