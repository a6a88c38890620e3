import { SluiceError } from '@sluice/kernel';
import type { Lease, LeaseHolder } from '@sluice/messaging';

import { NotifierEngine } from './notifier-engine.js';
import type { NotifierDeps } from './ports.js';

/**
 * One notifier at a time tells: a repeat is dropped by the stream, but whoever listens without one would hear what two
 * tell twice. Each turn begins anew, from the position that was remembered and from the ledgers.
 */
export class Turns implements LeaseHolder {
  private turn: Turn | undefined;

  constructor(
    private readonly deps: NotifierDeps,
    private readonly onFault: (error: unknown) => void,
  ) {}

  /** Events that wait to be told and recorded by this process. */
  get pending(): number {
    return this.turn?.engine.pending ?? 0;
  }

  acquire(_part: string, lease: Lease): Promise<void> {
    this.turn = new Turn(this.deps, lease, this.onFault);
    return Promise.resolve();
  }

  async release(): Promise<void> {
    await this.turn?.stop();
    this.turn = undefined;
  }

  drop(): void {
    void this.turn?.stop();
    this.turn = undefined;
  }
}

class Turn {
  readonly engine: NotifierEngine;
  private readonly intake = new AbortController();
  private readonly running: Promise<void>;

  constructor(deps: NotifierDeps, lease: Lease, onFault: (error: unknown) => void) {
    const { publisher } = deps;
    this.engine = new NotifierEngine({
      ...deps,
      // A process that stood still looks at its lease before it tells anything.
      publisher: { publish: (notice) => (lease.isValid() ? publisher.publish(notice) : Promise.reject(over())) },
    });
    this.running = this.engine.run(this.intake.signal).catch(onFault);
  }

  /** Resolves when what was under way has ended. */
  stop(): Promise<void> {
    this.intake.abort();
    return this.running;
  }
}

const over = (): SluiceError => new SluiceError('STOPPING', 'another notifier tells now');
