import { SluiceError } from './errors.js';

const UNIT_MS: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** The longest duration that anything in Sluice may last: 366 days. */
export const MAX_DURATION_MS = 366 * 86_400_000;

export const DURATION_PATTERN = '^[0-9]{1,11}(ms|s|m|h|d)$';

/** Milliseconds of `300ms`, `30s`, `5m`, `2h` or `14d`. Code BAD_DURATION otherwise. */
export function parseDuration(text: string): number {
  const match = /^([0-9]{1,11})(ms|s|m|h|d)$/.exec(text);
  const unit = match?.[2] === undefined ? undefined : UNIT_MS[match[2]];
  const ms = match === null || unit === undefined ? Number.NaN : Number(match[1]) * unit;
  if (Number.isNaN(ms) || ms > MAX_DURATION_MS) {
    throw new SluiceError(
      'BAD_DURATION',
      `"${text.slice(0, 40)}" is no duration: write a whole number and ms, s, m, h or d, up to 366d, such as 30s or 5m`,
    );
  }
  return ms;
}

/** The shortest text that parseDuration reads back as the same number of milliseconds. */
export function formatDuration(ms: number): string {
  for (const unit of ['d', 'h', 'm', 's'] as const) {
    const size = UNIT_MS[unit] ?? 1;
    if (ms >= size && ms % size === 0) return `${ms / size}${unit}`;
  }
  return `${Math.round(ms)}ms`;
}
