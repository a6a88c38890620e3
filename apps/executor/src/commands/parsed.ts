import type { CommandResult } from '@sluice/contracts';
import { isSluiceError } from '@sluice/kernel';

/** An envelope that its schema refuses is the sender's mistake, and is answered as such. */
export async function parsed(act: () => Promise<CommandResult>): Promise<CommandResult> {
  try {
    return await act();
  } catch (error) {
    if (isSluiceError(error)) return { ok: false, code: 'BAD_COMMAND', message: error.message, details: error.details };
    throw error;
  }
}
