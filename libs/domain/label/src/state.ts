import type { LabelEvent, RolloutLabel } from '@sluice/contracts';

/** What was said of one rollout last, folded from its `label` stream. */
export interface LabelState {
  readonly label: RolloutLabel;
  readonly reason: string;
}

export const initialLabel = (): LabelState => ({ label: 'none', reason: '' });

/** The last word counts; the others stay in the log. */
export const evolveLabel = (_: LabelState, { label, reason }: LabelEvent): LabelState => ({ label, reason });
