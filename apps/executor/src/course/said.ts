import type { CommandEnvelope, CommandResult, GroupCommand, RolloutCommand } from '@sluice/contracts';
import { isSluiceError, messageOf, SluiceError } from '@sluice/kernel';
import { nextActions } from '@sluice/rollout';

import type { Registry } from '../actors/registry.js';
import { commandCause } from '../actors/rollout-actor.js';
import type { MembersSync } from '../members/members-sync.js';
import type { EngineLogger } from '../ports.js';
import { assertLatest } from './latest.js';

const GROUP_ACTIONS = ['exclude', 'include', 'block', 'unblock'] as const;

/** What people and programs say to the rollouts and groups that are owned here. */
export class Said {
  constructor(
    private readonly registry: Registry,
    private readonly members: MembersSync,
    private readonly logger: EngineLogger,
    private readonly isLive: () => boolean,
  ) {}

  /** To a rollout; ended ones are read from the log. */
  async toRollout(envelope: CommandEnvelope<RolloutCommand>): Promise<CommandResult> {
    return this.answer(async () => {
      const actor = await this.registry.find(envelope.target);
      const cause = commandCause(envelope.id);
      if (!actor.commands.has(cause)) {
        if (envelope.command.type === 'rollback') await assertLatest(this.registry, actor);
        await this.members.order(actor, envelope);
      }
      this.registry.forget(actor);
      return {
        ok: true,
        target: actor.id,
        state: actor.state.status,
        rev: actor.rev,
        actions: nextActions(actor.state),
      };
    });
  }

  async toGroup(envelope: CommandEnvelope<GroupCommand>): Promise<CommandResult> {
    return this.answer(async () => {
      const group = this.registry.ownGroup(envelope.target);
      const cause = commandCause(envelope.id);
      if (!group.commands.has(cause)) {
        const { command, reason } = envelope;
        const input = { type: 'command', command, ...(reason === undefined ? {} : { reason }) } as const;
        const meta = { by: envelope.actor, cause, corr: envelope.id };
        await group.submit(input, meta, envelope.expectedRev).finally(() => this.registry.forgetGroup(group));
      }
      return { ok: true, target: group.name, state: 'group', rev: group.rev, actions: GROUP_ACTIONS };
    });
  }

  private async answer(act: () => Promise<CommandResult>): Promise<CommandResult> {
    try {
      if (!this.isLive())
        throw new SluiceError('NOT_READY', 'this executor still reads the log: say it again in a moment');
      return await act();
    } catch (error) {
      if (isSluiceError(error)) return { ok: false, code: error.code, message: error.message, details: error.details };
      this.logger.error({ reason: messageOf(error) }, 'a command failed');
      return { ok: false, code: 'INTERNAL', message: 'the command failed inside the executor; its log says why' };
    }
  }
}
