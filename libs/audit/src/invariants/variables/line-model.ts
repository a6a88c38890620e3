import type { RoleLimit, VariableSchedule, VariableSpec } from '@sluice/contracts';

/** The whole schedule, ms of active time. */
export const durationOf = (schedule: VariableSchedule): number =>
  schedule.kind === 'linear' ? schedule.durationMs : (schedule.points.at(-1)?.[0] ?? 0);

/** By the letter of design 6.5: the share after so much active time, on straight lines from [0, 0] to [duration, 1]. */
export function shareAt(schedule: VariableSchedule, activeMs: number): number {
  if (activeMs <= 0) return 0;
  if (activeMs >= durationOf(schedule)) return 1;
  if (schedule.kind === 'linear') return activeMs / schedule.durationMs;
  const next = schedule.points.findIndex(([ms]) => ms > activeMs);
  const [toMs, to] = schedule.points[next] ?? [durationOf(schedule), 1];
  const [fromMs, from] = schedule.points[next - 1] ?? [0, 0];
  return from + ((to - from) * (activeMs - fromMs)) / (toMs - fromMs);
}

export const limitOf = ({ limits }: VariableSpec, role: string): RoleLimit | undefined =>
  Object.hasOwn(limits, role) ? limits[role] : limits['*'];

/** The most of n hosts that may have the new value. */
export function mostOf(n: number, limit: RoleLimit | undefined): number {
  if (limit === undefined) return n;
  // What binary fractions lose is no host.
  const share = Math.floor((n * (limit.maxPercent ?? 100)) / 100 + 0.000_05);
  const least = Math.min(limit.minHosts ?? 0, n);
  return Math.min(n, limit.maxHosts ?? n, Math.max(least, share));
}
