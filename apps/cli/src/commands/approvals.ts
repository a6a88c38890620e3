import type { ApprovalName } from '@sluice/contracts';
import type { RolloutDetail } from '@sluice/gateway';

import { CliError, EXIT } from '../client/exit.js';

const isApproval = (text: string): text is ApprovalName => text === 'canary' || text === 'batches';

/** The approval that was named, or the one that the rollout waits for. */
export function wantedOf(rollout: RolloutDetail, approval: string | undefined): ApprovalName {
  const name = approval ?? rollout.wanted;
  if (name === undefined) {
    throw new CliError(
      EXIT.conflict,
      `rollout ${rollout.id} is ${rollout.state} and waits for no approval; possible now: ${rollout.actions.join(', ') || 'nothing'}`,
    );
  }
  if (!isApproval(name)) throw new CliError(EXIT.usage, `"${name}" is no approval: canary or batches`);
  return name;
}
