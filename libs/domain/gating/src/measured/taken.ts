import { hashOf } from '@sluice/contracts';

import type { Series } from '../metrics/samples.js';

/** Most values of one series that are judged and recorded: the newest. */
export const MAX_VALUES = 200;

/** A series as it was judged: the values that were used, and the digest of everything that the source answered. */
export interface TakenSeries {
  /** Oldest first. */
  readonly values: readonly number[];
  /** Values in the window that were numbers, those that are not recorded included. */
  readonly count: number;
  /** Values in the window that were NaN or infinite. */
  readonly unusable: number;
  /** When the newest usable value was taken, ms since the epoch; null without one. */
  readonly lastAt: number | null;
  /** SHA-256 of all samples, in hex. */
  readonly digest: string;
}

/** The values of a window `(from, to]` of what a source answered. */
export function takeSeries(
  raw: readonly { readonly at: number; readonly value: number | null }[],
  window: { readonly from: number; readonly to: number },
): TakenSeries {
  const within = raw.filter(({ at }) => at > window.from && at <= window.to).toSorted((a, b) => a.at - b.at);
  const usable = within.filter(({ value }) => Number.isFinite(value));
  return {
    // A negative zero would come back from the log as another value.
    values: usable.slice(-MAX_VALUES).map(({ value }) => Number(value) + 0),
    count: usable.length,
    unusable: within.length - usable.length,
    lastAt: usable.at(-1)?.at ?? null,
    digest: hashOf(raw.map(({ at, value }) => [at, Number.isFinite(value) ? value : null])),
  };
}

/** As the judgements of metrics want it. When each value was taken matters to none of them. */
export const seriesTaken = ({ values, unusable, lastAt }: TakenSeries): Series => ({
  samples: values.map((value) => ({ at: lastAt ?? 0, value })),
  unusable,
});
