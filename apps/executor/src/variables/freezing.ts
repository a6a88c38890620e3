import type { EventMeta, Spite, VariableCommand } from '@sluice/contracts';
import { type Actor, SluiceError } from '@sluice/kernel';
import type { VariableInput, VariableState } from '@sluice/variable';

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

  /** Why it is frozen, although somebody may go on in spite of some freezes; undefined when it is not. */
  words(spite?: Spite): string | undefined {
    const held = this.freezes?.heldFor({ environment: '', app: '', group: this.fleet });
    return held?.find(({ freeze }) => spite?.freezes.includes(freeze) !== true)?.words;
  }

  /** A ramp to the new value stands still while a freeze holds, and goes on after it. The way back is never barred. */
  inputFor(variable: Pick<VariableState, 'phase' | 'spite'> | undefined, isHeld: boolean): VariableInput | undefined {
    const held = this.words(variable?.spite);
    if (held !== undefined && variable?.phase === 'ramping') return command('pause', held);
    if (held === undefined && variable?.phase === 'paused' && isHeld)
      return command('resume', 'no freeze holds any more');
    return undefined;
  }

  /** Codes FROZEN, NOT_A_SERVICE. `spite`: that of a ramp that goes on in spite of freezes. */
  assertThawed(said: VariableCommand, by: Actor, spite: Spite | undefined): void {
    const own = 'spite' in said ? said.spite : undefined;
    if (own !== undefined && by.kind !== 'service')
      throw new SluiceError('NOT_A_SERVICE', 'who goes on in spite of freezes is told by services: hotfix its rollout');
    const held = FORWARD.has(said.type) ? this.words(own ?? spite) : undefined;
    if (held === undefined) return;
    throw new SluiceError('FROZEN', `${held}. Lift the freeze or wait for its end, then ${said.type}`);
  }
}

const command = (type: 'pause' | 'resume', reason: string): VariableInput => ({
  type: 'command',
  command: { type },
  reason,
});
