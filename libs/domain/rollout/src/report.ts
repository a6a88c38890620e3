import type { RolloutEvent, StepName } from '@sluice/contracts';

/** Durations of one step over all targets, ms (TAR-35). */
export interface StepDurations {
  readonly step: StepName;
  readonly count: number;
  readonly failed: number;
  readonly p50: number;
  readonly p95: number;
  readonly max: number;
}

/** Per step in the order of first appearance: how many, how long. One number is kept per result. */
export function stepDurations(events: Iterable<RolloutEvent>): StepDurations[] {
  const steps = new Map<StepName, { readonly ms: number[]; failed: number }>();
  for (const event of events) {
    if (event.type !== 'StepSucceeded' && event.type !== 'StepFailed') continue;
    const entry = steps.get(event.step) ?? { ms: [], failed: 0 };
    steps.set(event.step, entry);
    entry.ms.push(event.ms);
    if (event.type === 'StepFailed') entry.failed += 1;
  }
  return [...steps].map(([step, { ms, failed }]) => {
    const sorted = ms.toSorted((a, b) => a - b);
    return {
      step,
      count: ms.length,
      failed,
      p50: percentile(sorted, 50),
      p95: percentile(sorted, 95),
      max: sorted.at(-1) ?? 0,
    };
  });
}

/** Nearest rank: the smallest value that at least p percent do not exceed. */
function percentile(sorted: readonly number[], p: number): number {
  return sorted[Math.max(0, Math.ceil((sorted.length * p) / 100) - 1)] ?? 0;
}
