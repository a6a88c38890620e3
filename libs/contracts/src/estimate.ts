import type { Plan, PlanEstimate } from './plan.js';
import type { PlanTraffic } from './traffic.js';
import type { PlanRamp } from './variables.js';

/** What nobody can know before: to fetch, lay out and start a release, and to go back into service. */
const DEFAULT_START_MS = 10_000;
const DEFAULT_SWITCH_MS = 1_000;

/** What of a plan tells how long it takes. */
export type Estimated = Pick<Plan, 'canaries' | 'batches' | 'waits' | 'budget' | 'spec' | 'traffic' | 'ramp'>;

/**
 * (P-1)X + Y + Q(M+N+O) (TRS-16): the intervals before later batches, the time for which the canary is watched, and Q
 * rounds of start, verify and switch. A batch above the budget A takes ceil(size/A) rounds. Neither approvals nor
 * failures are in it: nobody knows how long people take. Of a shift of traffic: its dwells, and what is left of the drain window.
 */
export function estimateOf(plan: Estimated): PlanEstimate {
  if (plan.ramp !== undefined) return ofRamp(plan.ramp);
  return plan.traffic === undefined ? ofHosts(plan) : ofShift(plan.traffic);
}

function ofRamp({ spec: { schedule } }: PlanRamp): PlanEstimate {
  const totalMs = schedule.kind === 'linear' ? schedule.durationMs : (schedule.points.at(-1)?.[0] ?? 0);
  return {
    totalMs,
    parts: { waitsMs: totalMs, bakeMs: 0, rounds: 0, startMs: 0, verifyMs: 0, switchMs: 0 },
    words: `about ${shown(totalMs)} of the ramp; approvals, pauses, and what a pace keeps back are not counted`,
  };
}

/** The drain window runs from the publication of the last weight, as its dwell does: what counts is the rest of it. */
function ofShift({ weights, dwellMs, drainWindowMs }: PlanTraffic): PlanEstimate {
  const stages = weights.length;
  const waitsMs = Math.max(0, drainWindowMs - dwellMs);
  const totalMs = stages * dwellMs + waitsMs;
  const course = `${stages} ${stages === 1 ? 'weight' : 'weights'} of ${shown(dwellMs)}, ${shown(waitsMs)} more to drain`;
  return {
    totalMs,
    parts: { waitsMs, bakeMs: stages * dwellMs, rounds: 0, startMs: 0, verifyMs: 0, switchMs: 0 },
    words: `about ${shown(totalMs)}: ${course}; approvals, and how long the new side takes to scale, are not counted`,
  };
}

function ofHosts(plan: Estimated): PlanEstimate {
  const { waits, spec } = plan;
  const { waitsMs, rounds } = course(plan);
  const parts = {
    waitsMs,
    bakeMs: plan.canaries > 0 ? waits.bakeMs : 0,
    rounds,
    startMs: spec.drainWindowMs + DEFAULT_START_MS,
    verifyMs: spec.ignoreVerify ? 0 : spec.verify.successes * spec.verify.intervalMs,
    switchMs: DEFAULT_SWITCH_MS,
  };
  const roundMs = parts.startMs + parts.verifyMs + parts.switchMs;
  const totalMs = parts.waitsMs + parts.bakeMs + rounds * roundMs;
  const each = `${rounds} times ${shown(roundMs)} to drain, start, verify and switch`;
  const waiting = `${shown(waitsMs)} between batches, ${shown(parts.bakeMs)} to watch the canary`;
  return { totalMs, parts, words: `about ${shown(totalMs)}: ${waiting}, ${each}; approvals are not counted` };
}

/** The waits and the rounds of all stages. */
function course(plan: Estimated): { readonly waitsMs: number; readonly rounds: number } {
  const { waits, budget } = plan;
  const atOnce = Math.max(1, budget.maxUnavailable);
  let [waitsMs, rounds, batch] = [0, plan.canaries > 0 ? Math.ceil(plan.canaries / atOnce) : 0, 0];
  for (const [size, times] of plan.batches) {
    rounds += times * Math.ceil(size / atOnce);
    // Batches batch+1 .. batch+times, the first of all waits for nothing.
    const late = Math.max(0, batch + times - Math.max(batch, waits.tailFrom - 1));
    const early = times - late - (batch === 0 ? 1 : 0);
    waitsMs += late * waits.tailIntervalMs + Math.max(0, early) * waits.intervalMs;
    batch += times;
  }
  return { waitsMs, rounds };
}

/** Whole seconds, as `1h 2m 3s`. */
function shown(ms: number): string {
  const seconds = Math.round(ms / 1_000);
  const parts = [
    [Math.floor(seconds / 3_600), 'h'],
    [Math.floor((seconds % 3_600) / 60), 'm'],
    [seconds % 60, 's'],
  ] as const;
  const words = parts.filter(([count]) => count > 0).map(([count, unit]) => `${count}${unit}`);
  return words.length === 0 ? '0s' : words.join(' ');
}
