import type { DomainEvent, Plan, PlanRamp, RampEvent } from '@sluice/contracts';
import { formatDuration } from '@sluice/kernel';

import { lengthOf } from './time.js';
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
  return `${phase}${shareInWords({ to, hosts })}${words === undefined ? '' : `: ${words}`}`;
}

const shareInWords = ({ to, hosts }: Pick<RampEvent, 'to' | 'hosts'>): string =>
  hosts === 0 ? '' : `: ${to} of ${plural(hosts, 'host')} (${Math.floor((100 * to) / hosts)}%)`;

/** Tells a ramp, and keeps how far it was seen to be: its end is told by that. */
export class Ramp {
  private seen: RampEvent | undefined;
  private startedAt: number | undefined;

  constructor(private readonly plan: () => Plan | undefined) {}

  /** Undefined for what is no matter of a ramp. */
  tell(event: DomainEvent, at: number): string | undefined {
    if (event.type === 'StageEntered') this.startedAt ??= at;
    if (event.type !== 'RampSeen') return undefined;
    this.seen = event;
    return `the variable is ${rampSeenInWords(event)}`;
  }

  /** Undefined for a rollout that is no ramp, as in the next two. */
  wayBackInWords(): string | undefined {
    const spec = this.plan()?.ramp?.spec;
    return spec && `a rollback brings the hosts back to ${String(spec.from)}, as fast as they came`;
  }

  /** Behind an end, in place of hosts: the value, how many have it, and how long that took. */
  endInWords(at: number): string | undefined {
    const ramp = this.plan()?.ramp;
    if (ramp === undefined) return undefined;
    const { fleet, spec } = ramp;
    const took = this.startedAt === undefined ? '' : `, ${lengthOf(at - this.startedAt)} after it began`;
    if (this.seen === undefined) return `${fleet}/${spec.name} was not seen on its way${took}`;
    const { phase, to, hosts } = this.seen;
    const share = hosts === 0 ? 'no host has asked yet' : `${to} of ${plural(hosts, 'host')} have ${String(spec.to)}`;
    return `${fleet}/${spec.name} is ${phase}: ${share}${took}`;
  }
}
