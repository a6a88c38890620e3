import { ALL_SHARDS } from '@sluice/contracts';
import type { EventLog } from '@sluice/event-log';
import { type Clock, parseMoment } from '@sluice/kernel';

/**
 * Where the past that is asked for ends: behind the last commit with a time up to `time`, or with a place up to
 * `position`. `time` of a position is that of its commit; undefined when that has left the log. `now`: nothing is left out.
 */
export type Cut =
  | { readonly kind: 'now'; readonly time: number }
  | { readonly kind: 'time'; readonly time: number }
  | { readonly kind: 'position'; readonly position: number; readonly time: number | undefined };

/** What an answer is about: the last commit that is in it (0: none), and the moment, ms since the epoch. */
export interface AtMoment {
  readonly position: number;
  readonly time: number;
}

export interface CutParts {
  readonly log: Pick<EventLog, 'follow' | 'position'>;
  readonly clock: Clock;
}

/** What has not happened yet is now. Without a text: now. Code BAD_MOMENT. */
export async function cutOf(text: string | undefined, { log, clock }: CutParts): Promise<Cut> {
  const now = clock.now();
  if (text === undefined) return { kind: 'now', time: now };
  const moment = parseMoment(text);
  if (moment.kind === 'position') return cutAt(moment.position, log, now);
  const time = moment.kind === 'ago' ? now - moment.ms : moment.at;
  return time >= now ? { kind: 'now', time: now } : { kind: 'time', time };
}

async function cutAt(position: number, log: CutParts['log'], now: number): Promise<Cut> {
  if (position > (await log.position())) return { kind: 'now', time: now };
  const time = position === 0 ? undefined : await timeAt(position, log);
  return { kind: 'position', position, time };
}

/** Undefined when no commit stands at that very place. */
async function timeAt(position: number, log: CutParts['log']): Promise<number | undefined> {
  const abort = new AbortController();
  try {
    for await (const next of log.follow({ shards: ALL_SHARDS, from: position, signal: abort.signal })) {
      if (next.kind === 'live') return undefined;
      const { head } = next.commit;
      return head.position === position ? head.at : undefined;
    }
    return undefined;
  } finally {
    abort.abort();
  }
}

/** For messages: `@118`, `2026-01-31T12:00:00.000Z`. */
export const cutInWords = (cut: Cut): string =>
  cut.kind === 'position' ? `@${cut.position}` : new Date(cut.time).toISOString();
