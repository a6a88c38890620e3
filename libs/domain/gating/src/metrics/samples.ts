/** One value of a series; `at` is ms since the epoch. */
export interface Sample {
  readonly at: number;
  readonly value: number;
}

/** A series as a source gave it, cleaned: what is no number is not a value, and is counted. */
export interface Series {
  readonly samples: readonly Sample[];
  /** Values that were NaN, infinite or absent. */
  readonly unusable: number;
}

/** Most samples of one series that are judged and recorded: the newest. */
export const MAX_SAMPLES = 500;

/** The values of a window `(from, to]`, oldest first, without what is no number. */
export function seriesOf(
  raw: readonly { readonly at: number; readonly value: number | null }[],
  window: { readonly from: number; readonly to: number },
): Series {
  const within = raw.filter(({ at }) => at > window.from && at <= window.to).toSorted((a, b) => a.at - b.at);
  const usable = within.filter((sample): sample is Sample => Number.isFinite(sample.value));
  return { samples: usable.slice(-MAX_SAMPLES), unusable: within.length - usable.length };
}

/** `12`, `0.0312`, `1.5e-7`: up to four significant digits, the same on every machine. */
export function figure(value: number): string {
  if (Number.isSafeInteger(value)) return String(value);
  return String(Number(value.toPrecision(4)));
}
