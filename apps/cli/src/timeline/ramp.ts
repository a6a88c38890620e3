import type { PlanRamp, RampEvent, RolloutEvent } from '@sluice/contracts';
import { formatDuration } from '@sluice/kernel';

import { plural } from './words.js';

/** What a plan of a ramp does, instead of hosts and batches. */
export function rampPlanInWords({ fleet, spec }: PlanRamp): string {
  const { name, from, to, schedule, limits } = spec;
  const over =
    schedule.kind === 'linear'
      ? `evenly over ${formatDuration(schedule.durationMs)}`
      : schedule.points
          .map(([ms, fraction]) => `${Math.round(fraction * 1e4) / 100}% at ${formatDuration(ms)}`)
          .join(', ');
  const roles = Object.keys(limits);
  const kept =
    roles.length === 0 ? '' : `; limits for ${roles.slice(0, 5).join(', ')}${roles.length > 5 ? ', ...' : ''}`;
  return `${fleet}/${name} from ${String(from)} to ${String(to)}, ${over}${kept}`;
}

export function rampSeenInWords({ phase, to, hosts, words }: Omit<RampEvent, 'type'>): string {
  const share = hosts === 0 ? '' : `: ${to} of ${plural(hosts, 'host')} (${Math.round((100 * to) / hosts)}%)`;
  return `${phase}${share}${words === undefined ? '' : `: ${words}`}`;
}

/** Undefined for what is no matter of a ramp. */
export const rampInWords = (event: { readonly type: string }): string | undefined =>
  event.type === 'RampSeen'
    ? `the variable is ${rampSeenInWords(event as Extract<RolloutEvent, RampEvent>)}`
    : undefined;
