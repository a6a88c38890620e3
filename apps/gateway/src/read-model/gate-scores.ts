import type { DomainEvent, RecordedCommit } from '@sluice/contracts';
import { type EndOfRollout, foldScore, type GateScore, NO_SCORES, type Scoreboard, scoresOf } from '@sluice/gating';

/** What shadow gates would have done in the rollouts that stand in the log, against how those ended. */
export class GateScores {
  private board: Scoreboard = NO_SCORES;
  private position = 0;

  forgetAll(): void {
    this.board = NO_SCORES;
    this.position = 0;
  }

  apply({ stream, head, events }: RecordedCommit): void {
    if (head.position <= this.position) return;
    this.position = head.position;
    for (const event of events as readonly DomainEvent[]) {
      const end = endOf(event);
      if (event.type === 'GateJudged') this.board = foldScore(this.board, stream.id, event);
      else if (end !== undefined) this.board = foldScore(this.board, stream.id, { type: 'ended', end });
    }
  }

  /** One line for each gate, by name. */
  list(): readonly GateScore[] {
    return scoresOf(this.board);
  }
}

/** What a person cancelled, or another rollout ended, says nothing of the version. */
function endOf(event: DomainEvent): EndOfRollout | undefined {
  switch (event.type) {
    case 'RolloutSucceeded':
      return 'good';
    case 'RolloutFailed':
      return 'bad';
    case 'RolloutCancelled':
      return event.cause === 'rollback' || event.cause === 'rejected' ? 'bad' : 'neither';
    default:
      return undefined;
  }
}
