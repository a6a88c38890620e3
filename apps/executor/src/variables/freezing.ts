import type { EventMeta, RampPhase, VariableCommand } from '@sluice/contracts';
import { SluiceError } from '@sluice/kernel';
import type { VariableInput } from '@sluice/variable';

import type { FreezesPort } from '../freezes/ports.js';

/** By whom a ramp is paused while a freeze holds for its fleet. */
export const FREEZE_POLICY = { id: 'freeze', kind: 'policy' } as const;
export const FREEZE_META: EventMeta = { by: FREEZE_POLICY, cause: 'freeze', corr: 'freeze' };

export type FrozenFleets = Pick<FreezesPort, 'heldFor'>;

const FORWARD: ReadonlySet<string> = new Set<VariableCommand['type']>(['ramp', 'resume', 'finish']);

/** What freezes mean for the ramps of a fleet: of everything, or of the group of its name. */
export class Freezing {
  constructor(
    private readonly fleet: string,
    private readonly freezes: FrozenFleets | undefined,
  ) {}

  /** Why it is frozen; undefined when it is not. */
  words(): string | undefined {
    return this.freezes?.heldFor({ environment: '', app: '', group: this.fleet })[0]?.words;
  }

  /** A ramp to the new value stands still while a freeze holds, and goes on after it. The way back is never barred. */
  inputFor(phase: RampPhase | undefined, isHeld: boolean, held: string | undefined): VariableInput | undefined {
    if (held !== undefined && phase === 'ramping') return command('pause', held);
    if (held === undefined && phase === 'paused' && isHeld) return command('resume', 'no freeze holds any more');
    return undefined;
  }

  /** Code FROZEN. */
  assertThawed(type: VariableCommand['type']): void {
    const held = FORWARD.has(type) ? this.words() : undefined;
    if (held === undefined) return;
    throw new SluiceError('FROZEN', `${held}. Lift the freeze or wait for its end, then ${type}`);
  }
}

const command = (type: 'pause' | 'resume', reason: string): VariableInput => ({
  type: 'command',
  command: { type },
  reason,
});
