import type { BrakeCause, PlanTraffic, ServiceCapacity } from '@sluice/contracts';

import type { SideOrder, TrafficProgress } from './progress.js';

/** Services that the cause of a brake names at most. */
const MAX_NAMED = 8;

/** A service of the new side that is not ready, and why in words. */
export interface ShortService {
  readonly service: string;
  readonly words: string;
  readonly seen?: ServiceCapacity;
}

/**
 * What the new side is to have before its first request: the plan's share of what the old side is asked for, never less
 * than it has, and one of each service at least (SWB-11). Undefined until both sides have been seen.
 */
export function orderOf(shift: PlanTraffic, { sides }: TrafficProgress): SideOrder | undefined {
  const [old, fresh] = [sides.get(shift.oldSide), sides.get(shift.newSide)];
  if (old === undefined || fresh === undefined) return undefined;
  const services = shift.services.map(({ name: service }) => {
    const share = Math.ceil((shift.preScalePercent * desiredOf(old, service)) / 100);
    return { service, desired: Math.max(1, share, desiredOf(fresh, service)) };
  });
  return { side: shift.newSide, services };
}

const desiredOf = (services: readonly ServiceCapacity[], service: string): number =>
  services.find((each) => each.service === service)?.desired ?? 0;

/** Services of the new side that are not all created and ready, or not asked for as ordered; none = it is ready. */
export function shortOf(shift: PlanTraffic, traffic: TrafficProgress, order?: SideOrder): readonly ShortService[] {
  const services = traffic.sides.get(shift.newSide) ?? [];
  return shift.services.flatMap(({ name: service }) => {
    const seen = services.find((each) => each.service === service);
    if (seen === undefined) return [{ service, words: `${service}: nothing is known of it` }];
    const words = lackOf(seen, order === undefined ? 0 : desiredOfOrder(order, service));
    return words === undefined ? [] : [{ service, words: `${service}: ${words}`, seen }];
  });
}

const desiredOfOrder = ({ services }: SideOrder, service: string): number =>
  services.find((each) => each.service === service)?.desired ?? 0;

function lackOf({ desired, created, ready }: ServiceCapacity, ordered: number): string | undefined {
  if (desired < ordered) return `asked for ${desired} of the ${ordered} that were ordered`;
  if (ready !== desired) return `ready ${ready} of ${desired}`;
  return created === desired ? undefined : `created ${created} of ${desired}`;
}

/** The side was not ready in its time; before anything was ordered, one of the two was not seen. */
export function capacityCause(shift: PlanTraffic, traffic: TrafficProgress, order?: SideOrder): BrakeCause {
  const side = traffic.sides.has(shift.oldSide) ? shift.newSide : shift.oldSide;
  const short = side === shift.newSide ? shortOf(shift, traffic, order) : [];
  const named = short.slice(0, MAX_NAMED);
  const more = short.length > named.length ? `; ${short.length - named.length} more` : '';
  const seconds = Math.round(shift.readyWithinMs / 1_000);
  const what = named.length === 0 ? 'nothing is known of it' : named.map(({ words }) => words).join('; ');
  return {
    kind: 'capacity',
    words: `side ${side} is not ready after ${seconds} s: ${what}${more}`.slice(0, 600),
    numbers: Object.fromEntries(named.flatMap(numbersOf)),
  };
}

function numbersOf({ service, seen }: ShortService): readonly (readonly [string, number])[] {
  if (seen === undefined) return [];
  const { desired, created, ready } = seen;
  const name = service.slice(0, 180);
  return [
    [`${name} desired`, desired],
    [`${name} created`, created],
    [`${name} ready`, ready],
  ];
}
