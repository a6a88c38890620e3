import type { GateJudged } from '@sluice/contracts';
import { describe, expect, it } from 'vitest';

import { type EndOfRollout, foldScore, NO_SCORES, type Scoreboard, scoresOf } from '../index.js';

const judged = (verdict: GateJudged['verdict'], more: Partial<GateJudged> = {}): GateJudged => ({
  ...{ type: 'GateJudged', stage: 0, round: 1, gate: 'slo', words: '', inputs: {}, policyHash: 'h', shadow: true },
  verdict,
  ...more,
});

const rollout = (board: Scoreboard, id: string, verdicts: readonly GateJudged['verdict'][], end: EndOfRollout) =>
  foldScore(
    verdicts.reduce((before, verdict) => foldScore(before, id, judged(verdict)), board),
    id,
    { type: 'ended', end },
  );

describe('the scoreboard of shadow gates', () => {
  it('holds what they would have done against how the rollouts ended', () => {
    let board = NO_SCORES;
    board = rollout(board, 'a', ['inconclusive', 'fail', 'pass'], 'bad');
    board = rollout(board, 'b', ['pass'], 'good');
    board = rollout(board, 'c', ['fail'], 'good');
    board = rollout(board, 'd', ['pass', 'pass'], 'bad');
    board = rollout(board, 'e', ['inconclusive', 'error'], 'good');
    board = rollout(board, 'f', ['fail'], 'neither');
    expect(scoresOf(board)).toEqual([
      { gate: 'slo', caught: 1, falseAlarms: 1, missed: 1, passed: 1, undecided: 1, precision: 0.5, recall: 0.5 },
    ]);
    expect(board.open.size).toBe(0);
  });

  it('counts no gate that decides, and no rollout that goes on', () => {
    const { shadow: _, ...deciding } = judged('fail');
    expect(foldScore(NO_SCORES, 'a', deciding)).toBe(NO_SCORES);
    expect(scoresOf(foldScore(NO_SCORES, 'a', judged('fail')))).toEqual([]);
    expect(foldScore(NO_SCORES, 'a', { type: 'ended', end: 'bad' })).toBe(NO_SCORES);
  });
});
