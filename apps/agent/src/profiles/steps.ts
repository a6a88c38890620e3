import type { FailedSource, RunCommand, Sourcing, StepName, StepReport } from '@sluice/contracts';
import { SluiceError } from '@sluice/kernel';

import type { AppHost } from '../app/app-host.js';
import { KEPT_OUTPUT_BYTES, TailBuffer } from '../files/tail.js';

/** What a step tells beside its result. */
export class StepNotes {
  /** One byte more than is told, so that whoever reads it knows whether there was more. */
  readonly output = new TailBuffer(KEPT_OUTPUT_BYTES + 1);
  private readonly failed: FailedSource[] = [];
  private served: string | undefined;

  say(line: string): void {
    this.output.write(Buffer.from(`${line}\n`));
  }

  /** A place of the artifact served, or failed with a code. */
  tried(url: string, code?: string): void {
    this.say(code === undefined ? `fetched from ${url}` : `${url} did not serve: ${code}`);
    if (code === undefined) this.served = url;
    else this.failed.push({ url, code });
  }

  sourcing(): Sourcing {
    return {
      ...(this.served === undefined ? {} : { source: this.served }),
      ...(this.failed.length === 0 ? {} : { fellBack: this.failed }),
    };
  }
}

/**
 * What a step works on. A step that ends by the signal has ended all that it started, and throws `interrupted()`: it is
 * done again after the restart, or it has overrun its time.
 */
export interface StepContext {
  readonly app: AppHost;
  readonly run: RunCommand;
  readonly signal: AbortSignal;
  readonly notes: StepNotes;
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
