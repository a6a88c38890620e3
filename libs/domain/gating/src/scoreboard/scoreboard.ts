import type { GateJudged, GateName } from '@sluice/contracts';

/** How a rollout ended, as a scoreboard counts it: `good` came through, `bad` failed or was taken back. */
export type EndOfRollout = 'good' | 'bad' | 'neither';

/** What a shadow gate would have done, against how the rollouts ended. Each rollout counts once for each gate. */
export interface GateScore {
  readonly gate: GateName;
  /** Would have failed, and the rollout went bad / came through. */
  readonly caught: number;
  readonly falseAlarms: number;
  /** Would not have failed. */
  readonly missed: number;
  readonly passed: number;
  /** Judged and never came to a verdict, in rollouts that ended either way. */
  readonly undecided: number;
  /** Of its alarms, how many were right; of the bad rollouts that it decided on, how many it would have stopped. */
  readonly precision?: number;
  readonly recall?: number;
}

type Counts = Pick<GateScore, 'caught' | 'falseAlarms' | 'missed' | 'passed' | 'undecided'>;
type Standing = 'failed' | 'passed' | 'undecided';

/** Rollouts that go on, with what their shadow gates said so far, and the counts of those that ended. */
export interface Scoreboard {
  readonly open: ReadonlyMap<string, ReadonlyMap<GateName, Standing>>;
  readonly counts: ReadonlyMap<GateName, Counts>;
}

export const NO_SCORES: Scoreboard = { open: new Map(), counts: new Map() };

const NO_COUNTS: Counts = { caught: 0, falseAlarms: 0, missed: 0, passed: 0, undecided: 0 };
/** Open rollouts that are remembered; the oldest go first, uncounted. */
const MAX_OPEN = 10_000;

/** The scoreboard after a verdict of a rollout, or after its end. Verdicts of gates that decide count for nothing. */
export function foldScore(
  board: Scoreboard,
  rolloutId: string,
  event: GateJudged | { readonly type: 'ended'; readonly end: EndOfRollout },
): Scoreboard {
  if (event.type === 'ended') return ended(board, rolloutId, event.end);
  if (event.shadow !== true) return board;
  const before = board.open.get(rolloutId)?.get(event.gate) ?? 'undecided';
  const after = standingAfter(before, event.verdict);
  if (board.open.get(rolloutId)?.get(event.gate) === after) return board;
  const open = new Map(board.open);
  open.set(rolloutId, new Map(open.get(rolloutId)).set(event.gate, after));
  const [oldest] = open.keys();
  if (open.size > MAX_OPEN && oldest !== undefined) open.delete(oldest);
  return { ...board, open };
}

/** One failure is what would have stopped the rollout, whatever came after it. */
function standingAfter(before: Standing, verdict: GateJudged['verdict']): Standing {
  if (before === 'failed' || verdict === 'fail') return 'failed';
  return verdict === 'pass' ? 'passed' : before;
}

function ended(board: Scoreboard, rolloutId: string, end: EndOfRollout): Scoreboard {
  const gates = board.open.get(rolloutId);
  if (gates === undefined) return board;
  const open = new Map(board.open);
  open.delete(rolloutId);
  if (end === 'neither') return { ...board, open };
  const counts = new Map(board.counts);
  for (const [gate, standing] of gates) {
    const key = keyOf(standing, end);
    const before = counts.get(gate) ?? NO_COUNTS;
    counts.set(gate, { ...before, [key]: before[key] + 1 });
  }
  return { open, counts };
}

function keyOf(standing: Standing, end: 'good' | 'bad'): keyof Counts {
  if (standing === 'undecided') return 'undecided';
  if (standing === 'failed') return end === 'bad' ? 'caught' : 'falseAlarms';
  return end === 'bad' ? 'missed' : 'passed';
}

/** One line for each gate, by name. */
export const scoresOf = (board: Scoreboard): readonly GateScore[] =>
  [...board.counts]
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([gate, counts]) => ({
      gate,
      ...counts,
      ...share('precision', counts.caught, counts.caught + counts.falseAlarms),
      ...share('recall', counts.caught, counts.caught + counts.missed),
    }));

const share = <K extends string>(key: K, part: number, of: number): Partial<Record<K, number>> =>
  of === 0 ? {} : ({ [key]: part / of } as Record<K, number>);
