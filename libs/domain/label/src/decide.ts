import type { LabelCommand, LabelEvent } from '@sluice/contracts';
import { SluiceError } from '@sluice/kernel';

import type { LabelState } from './state.js';

export interface LabelInput {
  readonly type: 'command';
  readonly rollout: string;
  readonly command: LabelCommand;
  readonly reason?: string;
}

/** What follows for the label of a rollout; nothing when the same was said for the same reason. Codes: REASON_NEEDED, NOT_FOUND. */
export function decideLabel(state: LabelState, { rollout, command, reason }: LabelInput): readonly LabelEvent[] {
  const { label } = command;
  const why = reason?.trim() ?? '';
  if (why === '')
    throw new SluiceError('REASON_NEEDED', 'a label needs a reason: policies are measured against it for years');
  if (label === 'none' && state.label === 'none')
    throw new SluiceError('NOT_FOUND', 'the rollout has no label that could be taken back');
  if (label === state.label && why === state.reason) return [];
  return [{ type: 'RolloutLabelled', rollout, label, reason: why }];
}
