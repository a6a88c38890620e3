import type { DomainEvent, Plan, PlanTraffic, ServiceCapacity, Weights } from '@sluice/contracts';
import { formatDuration } from '@sluice/kernel';

import { someOf, why } from './words.js';

type Of<T extends DomainEvent['type']> = Extract<DomainEvent, { readonly type: T }>;

/** `flip 95 %, flop 5 %`: the larger share first. */
export function sharesInWords(weights: Weights): string {
  const shares = Object.entries(weights).toSorted(([a, x], [b, y]) => y - x || (a < b ? -1 : 1));
  return shares.map(([side, weight]) => `${side} ${weight} %`).join(', ');
}

/** `index 24 of 25 ready, search 13 of 13 ready`. */
export const capacityInWords = (services: readonly ServiceCapacity[]): string =>
  someOf(services.map(({ service, ready, desired }) => `${service} ${ready} of ${desired} ready`)) || 'not seen yet';

/** `from flip to flop by 5, 50, 100 percent`. */
export const courseOfShift = ({ oldSide, newSide, weights }: PlanTraffic): string =>
  `from ${oldSide} to ${newSide} by ${weights.map(({ weight }) => weight).join(', ')} percent`;

/** What a plan with a shift does, instead of hosts and batches. */
export function shiftPlanInWords(shift: PlanTraffic): string {
  const smoke = [...(shift.smokeDark === true ? [0] : []), ...shift.weights.filter((each) => each.smoke).map(weightOf)];
  return [
    `traffic ${courseOfShift(shift)}`,
    `${shift.newSide} first gets ${shift.preScalePercent} percent of what ${shift.oldSide} has`,
    `each weight is watched for ${formatDuration(shift.dwellMs)}`,
    ...(smoke.length === 0 ? [] : [`smoke tests at ${smoke.join(', ')}`]),
    ...(shift.approveBefore === undefined ? [] : [`approval before ${shift.approveBefore}`]),
    `${shift.oldSide} is retired ${formatDuration(shift.drainWindowMs)} after 100`,
  ].join('; ');
}

const weightOf = ({ weight }: { readonly weight: number }): number => weight;

/** Tells a shift of traffic, and freezes. What stands on a side is told when it becomes ready, and when it no longer is. */
export class Shift {
  private readonly told = new Map<string, Standing>();

  constructor(private readonly plan: () => Plan | undefined) {}

  /** Undefined for what is not worth a line. */
  tell(event: DomainEvent): string | undefined {
    switch (event.type) {
      case 'SideSeen':
        return this.seen(event);
      case 'SideScaleOrdered':
        return `side ${event.side} is to have ${someOf(event.services.map(({ service, desired }) => `${service} ${desired}`))}`;
      case 'WeightSet':
        return setInWords(event);
      case 'WeightPublished':
        return `traffic is ${sharesInWords(event.weights)} (weights version ${event.version})`;
      case 'SideRetireOrdered':
        return `side ${event.side} is to be retired: from here on nothing leads back to it`;
      case 'SideRetired':
        return `side ${event.side} is retired`;
      default:
        return freezeInWords(event);
    }
  }

  /** Undefined for a rollout with targets. */
  wayBackInWords(): string | undefined {
    const shift = this.plan()?.traffic;
    return shift === undefined ? undefined : `a rollback puts all traffic back on ${shift.oldSide} in one publish`;
  }

  /** Behind an end, in place of hosts; undefined for a rollout with targets. */
  endInWords(succeeded: boolean): string | undefined {
    const shift = this.plan()?.traffic;
    if (shift === undefined) return undefined;
    return succeeded
      ? `all traffic on ${shift.newSide}, ${shift.oldSide} retired`
      : `all traffic on ${shift.oldSide}, ${shift.newSide} dark`;
  }

  private seen({ side, services }: Of<'SideSeen'>): string | undefined {
    const standing = standingOf(services);
    if (this.told.get(side) === standing) return undefined;
    this.told.set(side, standing);
    return `side ${side}: ${capacityInWords(services)}`;
  }
}

type Standing = 'empty' | 'short' | 'ready';

function standingOf(services: readonly ServiceCapacity[]): Standing {
  if (services.every(({ desired, created }) => desired === 0 && created === 0)) return 'empty';
  return services.every(({ desired, created, ready }) => created === desired && ready === desired) ? 'ready' : 'short';
}

function setInWords({ weights, why: cause, reason }: Of<'WeightSet'>): string {
  switch (cause) {
    case 'stage':
      return `traffic is to be ${sharesInWords(weights)}`;
    case 'manual':
      return `traffic set by hand to ${sharesInWords(weights)}${why(reason)}`;
    case 'back':
      return `BACK in one publish: ${sharesInWords(weights)}${why(reason)}`;
  }
}

function freezeInWords(event: DomainEvent): string | undefined {
  switch (event.type) {
    case 'RolloutFrozen':
      return `FROZEN until ${until(event.until)}: ${event.words}`;
    case 'RolloutThawed':
      return `freeze ${event.freeze} holds it no longer`;
    case 'FreezeOverridden':
      return `goes on in spite of the freezes that hold now, in the name of ${event.by}${why(event.reason)}`;
    default:
      return undefined;
  }
}

const until = (ms: number): string => new Date(ms).toISOString().replace(/\.\d+Z$/, 'Z');
