import type { HoldCommand, HoldEvent } from '@sluice/contracts';
import { SluiceError } from '@sluice/kernel';

import type { HoldsState } from './state.js';

/** Holds that are placed and not lifted. */
export const MAX_HOLDS = 1_000;

/** `id`: the name of the hold. */
export interface HoldsInput {
  readonly type: 'command';
  readonly id: string;
  readonly command: HoldCommand;
  readonly reason?: string;
}

/** What follows for the holds of the installation. Codes: REASON_NEEDED, BAD_COMMAND, CONFLICT, NOT_FOUND. */
export function decideHolds(state: HoldsState, { id: hold, command, reason }: HoldsInput): readonly HoldEvent[] {
  const why = reason?.trim() ?? '';
  if (why === '') throw new SluiceError('REASON_NEEDED', `${command.type} needs a reason: it stays in the history`);
  if (command.type === 'lift') {
    if (!state.has(hold))
      throw new SluiceError('NOT_FOUND', `there is no hold "${hold.slice(0, 60)}": list them to see which there are`);
    return [{ type: 'HoldLifted', hold, reason: why }];
  }
  const { scope } = command;
  if (scope.kind === 'period' && scope.until <= scope.from)
    throw new SluiceError('BAD_COMMAND', 'a period ends after it begins: say a later end');
  if (state.has(hold))
    throw new SluiceError('CONFLICT', `a hold "${hold.slice(0, 60)}" is placed already: give this one another name`);
  if (state.size >= MAX_HOLDS)
    throw new SluiceError('CONFLICT', `${MAX_HOLDS} holds are placed already: lift those that are not needed`);
  return [{ type: 'HoldPlaced', hold, scope, reason: why }];
}
