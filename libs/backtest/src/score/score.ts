import type { RolloutLabel } from '@sluice/contracts';

/** k of n, as a share with its 95 % interval of Wilson: of few rollouts a share alone says little. Absent of none. */
export interface Share {
  readonly of: number;
  readonly count: number;
  readonly value: number;
  readonly low: number;
  readonly high: number;
}

/** How a policy did against what is known of the rollouts. */
export interface Score {
  /** Bad ones that it stopped, and did not. */
  readonly caught: number;
  readonly missed: number;
  /** Good ones that it stopped, and did not. */
  readonly falseAlarms: number;
  readonly passed: number;
  /** Of which nobody knows whether it would have stopped them: they are in no share. */
  readonly unknownBad: number;
  readonly unknownGood: number;
  /** Of its alarms, those that were right. */
  readonly precision?: Share;
  /** Of the bad ones, those that it stopped. */
  readonly recall?: Share;
  /** The same with every unknown bad one counted as missed. */
  readonly recallAtLeast?: Share;
}

export interface Judged {
  readonly label: Exclude<RolloutLabel, 'none'>;
  readonly stops: boolean | 'unknown';
}

/** Counts up what is known of each rollout. */
export class Scorer {
  private readonly counts = { caught: 0, missed: 0, falseAlarms: 0, passed: 0, unknownBad: 0, unknownGood: 0 };

  add({ label, stops }: Judged): void {
    const { counts } = this;
    if (stops === 'unknown') counts[label === 'bad' ? 'unknownBad' : 'unknownGood'] += 1;
    else if (label === 'bad') counts[stops ? 'caught' : 'missed'] += 1;
    else counts[stops ? 'falseAlarms' : 'passed'] += 1;
  }

  score(): Score {
    const { caught, missed, falseAlarms, unknownBad } = this.counts;
    return {
      ...this.counts,
      ...named('precision', shareOf(caught, caught + falseAlarms)),
      ...named('recall', shareOf(caught, caught + missed)),
      ...named('recallAtLeast', shareOf(caught, caught + missed + unknownBad)),
    };
  }
}

const named = <K extends string>(key: K, share: Share | undefined): Partial<Record<K, Share>> =>
  share === undefined ? {} : ({ [key]: share } as Record<K, Share>);

/** Two-sided 95 %. */
const Z = 1.959963984540054;

/** Wilson's score interval; undefined of nothing. */
export function shareOf(count: number, of: number): Share | undefined {
  if (of === 0) return undefined;
  const value = count / of;
  const square = (Z * Z) / of;
  const middle = (value + square / 2) / (1 + square);
  const half = (Z / (1 + square)) * Math.sqrt((value * (1 - value)) / of + square / (4 * of));
  return { of, count, value, low: Math.max(0, middle - half), high: Math.min(1, middle + half) };
}
