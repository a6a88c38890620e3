import type { MeasuredInputs, MeasuredJudgement } from '@sluice/gating';

/**
 * True of a measurement that nothing hangs on: the gate says what it said, and no count that decides has changed. So a
 * source that is dead for days is written down as often as its limit, and not at each interval.
 */
export function mayWait({ limits, tally: before }: MeasuredInputs, said: MeasuredJudgement, changes: boolean): boolean {
  const { measured, tally: after } = said;
  if (changes || after.looks !== before.looks) return false;
  switch (measured.verdict) {
    case 'fail':
      return false;
    case 'pass':
      return before.pass >= limits.passes;
    case 'error':
      return after.error > limits.error + 1;
    case 'inconclusive':
      return after.inconclusive > limits.inconclusive + 1;
  }
}

const MOST = 20;
const EVERY_MS = 900_000;

/** A gate that wavers may write so many verdicts that decide nothing, and after them one in a quarter of an hour. */
export class Restraint {
  private left = MOST;

  constructor(private since: number) {}

  allows(now: number): boolean {
    const earned = Math.floor(Math.max(0, now - this.since) / EVERY_MS);
    this.left = Math.min(MOST, this.left + earned);
    this.since += earned * EVERY_MS;
    if (this.left === 0) return false;
    this.left -= 1;
    return true;
  }
}
