import type { RunCommand, StepName, StepReport } from '@sluice/contracts';
import { SluiceError } from '@sluice/kernel';

import type { AppHost } from '../app/app-host.js';

/** What a step works on. A step that ends by the signal has no result: it is done again after the restart. */
export interface StepContext {
  readonly app: AppHost;
  readonly run: RunCommand;
  readonly signal: AbortSignal;
}

export type StepNote = Exclude<StepReport['note'], undefined>;

/** Resolves when the step succeeded; a SluiceError says why it did not. */
export type Step = (context: StepContext) => Promise<StepNote | undefined>;

export type StepSet = Readonly<Record<StepName, Step>>;

/** Thrown by a step that stopped because the agent stops. */
export const interrupted = (): SluiceError =>
  new SluiceError('INTERRUPTED', 'the agent stops: the step goes on after its restart');

export const throwIfInterrupted = (signal: AbortSignal): void => {
  if (signal.aborted) throw interrupted();
};
