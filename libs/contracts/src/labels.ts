/** What somebody found out about a rollout afterwards; `none` takes a label back. Policies are measured against it. */
export type RolloutLabel = 'good' | 'bad' | 'none';

/** What may be said about a rollout, at any time: the last word counts. The target of the command is the rollout. */
export interface LabelCommand {
  readonly type: 'label';
  readonly label: RolloutLabel;
}
