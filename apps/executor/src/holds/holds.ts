import { type CommandEnvelope, type CommandResult, HOLD_STREAM, type HoldCommand } from '@sluice/contracts';
import { decideHolds, evolveHolds, type HoldsInput, type HoldsState, initialHolds } from '@sluice/hold';
import { isSluiceError, messageOf } from '@sluice/kernel';

import type { ActorDeps } from '../actors/actor-parts.js';
import { commandCause } from '../actors/rollout-actor.js';
import { SharedActor } from '../actors/shared-actor.js';

const OFFERED = ['place', 'lift'] as const;

/**
 * The legal holds of the installation: whichever executor is asked writes them. Nothing here depends on them while a
 * rollout runs, so that they are not followed: what the log says of them is read when somebody says something.
 */
export class Holds {
  private readonly actor: SharedActor<'hold', HoldsState, HoldsInput>;

  constructor(private readonly deps: ActorDeps) {
    const behaviour = { initial: initialHolds, decide: decideHolds, evolve: evolveHolds };
    this.actor = new SharedActor(HOLD_STREAM, behaviour, deps, () => {});
  }

  stop(): void {
    this.actor.stop();
  }

  /** Codes: those of the decider, and of the log. */
  async command({
    command,
    reason,
    actor: by,
    id,
    target,
    expectedRev,
  }: CommandEnvelope<HoldCommand>): Promise<CommandResult> {
    try {
      await this.catchUp();
      const cause = commandCause(id);
      if (!this.actor.commands.has(cause)) {
        const input = { type: 'command', id: target, command, ...(reason === undefined ? {} : { reason }) } as const;
        await this.actor.submit(input, { by, cause, corr: id }, expectedRev);
      }
      const state = this.actor.state.has(target) ? 'placed' : 'lifted';
      return { ok: true, target, state, rev: this.actor.rev, actions: OFFERED };
    } catch (error) {
      if (isSluiceError(error)) return { ok: false, code: error.code, message: error.message, details: error.details };
      this.deps.logger.error({ reason: messageOf(error) }, 'a command to the holds failed');
      return { ok: false, code: 'INTERNAL', message: 'the command failed inside the executor; its log says why' };
    }
  }

  private async catchUp(): Promise<void> {
    for await (const commit of this.deps.log.read(HOLD_STREAM, this.actor.rev + 1)) this.actor.observe(commit);
  }
}
