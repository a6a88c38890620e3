import {
  encodeEvent,
  type EventMeta,
  type FleetEvent,
  type GateJudged,
  type InputOrigin,
  type RollbackTarget,
  type RolloutEvent,
} from '@sluice/contracts';

import type { RolloutInput } from '../../inputs.js';
import type { RolloutState } from '../../state.js';

/** A commit of the `exec` stream, or what of it has to be decided again. */
export interface RecordedEvents {
  readonly events: readonly RolloutEvent[];
  readonly meta: readonly EventMeta[];
  readonly at: number;
}

/** What the other streams held when a decision was taken. */
export interface Evidence {
  /** Verdicts on that stage, the newest first. */
  readonly verdicts: (of: Pick<GateJudged, 'stage' | 'round' | 'gate' | 'phase'>) => readonly GateJudged[];
  /** What was seen of the fleet, the newest first. */
  readonly seen: <T extends FleetEvent['type']>(type: T) => readonly Extract<FleetEvent, { readonly type: T }>[];
  /** What the group gave: undefined when its stream is not at hand, null when it gave no lease. */
  readonly lease: () => { readonly token: number; readonly rollbackTo?: RollbackTarget } | null | undefined;
}

/** `lacks`: it cannot be put together exactly. `impossible`: the log holds what would have to be there, and it is not. */
export type Rebuilt =
  | { readonly input: RolloutInput; readonly from: InputOrigin }
  | { readonly lacks: string }
  | { readonly impossible: string };

/** A place in a commit, with the state before it. */
export interface Place {
  readonly state: RolloutState;
  readonly recorded: RecordedEvents;
  readonly i: number;
  readonly evidence: Evidence;
}

/** An input that the event itself records. */
export const own = (input: RolloutInput): Rebuilt => ({ input, from: 'event' });

/** Byte for byte as an event stands in the log, without who and why. */
export const bytesOf = (event: RolloutEvent): string => JSON.stringify(encodeEvent(event));

export const isAt = (recorded: RecordedEvents, i: number, decided: readonly RolloutEvent[]): boolean =>
  decided.length > 0 &&
  decided.every((event, k) => {
    const there = recorded.events[i + k];
    return there !== undefined && there.type === event.type && bytesOf(there) === bytesOf(event);
  });

/** The events from `i` on that answer the same input. */
export function ofOne({ events, meta }: RecordedEvents, i: number): readonly RolloutEvent[] {
  const same = (a: EventMeta | undefined, b: EventMeta | undefined): boolean =>
    a?.cause === b?.cause && a?.by.id === b?.by.id;
  let end = i;
  while (end < events.length && same(meta[end], meta[i])) end += 1;
  return events.slice(i, end);
}
