const two = (value: number): string => String(value).padStart(2, '0');

/** A length of time as people read it: `340 ms`, `4.1 s`, `2 m 05 s`, `3 h 07 m`, `2 d 04 h`. */
export function lengthOf(ms: number): string {
  if (ms < 1_000) return `${Math.round(ms)} ms`;
  if (ms < 60_000) return `${(ms / 1_000).toFixed(1)} s`;
  const seconds = Math.round(ms / 1_000);
  if (seconds < 3_600) return `${Math.floor(seconds / 60)} m ${two(seconds % 60)} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 1_440) return `${Math.floor(minutes / 60)} h ${two(minutes % 60)} m`;
  const hours = Math.floor(minutes / 60);
  return `${Math.floor(hours / 24)} d ${two(hours % 24)} h`;
}

/** A place in a timeline: `+00:04.1`, `+1:02:03`. */
export function offsetOf(ms: number): string {
  const tenths = Math.floor(Math.max(0, ms) / 100);
  const [hours, minutes, seconds] = [
    Math.floor(tenths / 36_000),
    Math.floor(tenths / 600) % 60,
    Math.floor(tenths / 10) % 60,
  ];
  return hours > 0 ? `+${hours}:${two(minutes)}:${two(seconds)}` : `+${two(minutes)}:${two(seconds)}.${tenths % 10}`;
}
