import {
  type CommandEnvelope,
  type CommandResult,
  type LabelCommand,
  labelStreamId,
  shardOfId,
} from '@sluice/contracts';
import { isSluiceError, messageOf, SluiceError } from '@sluice/kernel';
import { decideLabel, evolveLabel, initialLabel, type LabelInput, type LabelState } from '@sluice/label';

import type { ActorDeps } from '../actors/actor-parts.js';
import { commandCause } from '../actors/rollout-actor.js';
import { SharedActor, type StreamOf } from '../actors/shared-actor.js';

const OFFERED = ['label'] as const;
/** Said at once, at most. */
const MAX_AT_ONCE = 64;

/**
 * What people say about rollouts: whichever executor is asked writes it. Nothing that is done depends on it,
 * so that none of it is kept: the stream of the one rollout is read when somebody says something of it.
 */
export class Labels {
  private readonly actors = new Set<SharedActor<'label', LabelState, LabelInput>>();

  constructor(private readonly deps: ActorDeps) {}

  stop(): void {
    for (const actor of this.actors) actor.stop();
  }

  /** Codes: BAD_ROLLOUT_ID, BUSY, those of the decider, and of the log. */
  async command(envelope: CommandEnvelope<LabelCommand>): Promise<CommandResult> {
    try {
      return await this.said(envelope);
    } catch (error) {
      if (isSluiceError(error)) return { ok: false, code: error.code, message: error.message, details: error.details };
      this.deps.logger.error({ reason: messageOf(error) }, 'a label could not be written');
      return { ok: false, code: 'INTERNAL', message: 'the command failed inside the executor; its log says why' };
    }
  }

  private async said(envelope: CommandEnvelope<LabelCommand>): Promise<CommandResult> {
    const { target, command, reason, actor: by, id, expectedRev } = envelope;
    const stream = streamOf(target);
    if (this.actors.size >= MAX_AT_ONCE)
      throw new SluiceError('BUSY', `${MAX_AT_ONCE} labels are being written: say it again later`);
    const behaviour = { initial: initialLabel, decide: decideLabel, evolve: evolveLabel };
    const actor = new SharedActor<'label', LabelState, LabelInput>(stream, behaviour, this.deps, () => {});
    this.actors.add(actor);
    try {
      for await (const commit of this.deps.log.read(stream)) actor.observe(commit);
      const cause = commandCause(id);
      if (!actor.commands.has(cause)) {
        const input = {
          type: 'command',
          rollout: target,
          command,
          ...(reason === undefined ? {} : { reason }),
        } as const;
        await actor.submit(input, { by, cause, corr: target }, expectedRev);
      }
      return { ok: true, target, state: actor.state.label, rev: actor.rev, actions: OFFERED };
    } finally {
      this.actors.delete(actor);
    }
  }
}

function streamOf(rollout: string): StreamOf<'label'> {
  const shard = shardOfId(rollout);
  if (shard === undefined) throw new SluiceError('BAD_ROLLOUT_ID', `"${rollout.slice(0, 60)}" is no rollout id`);
  return { shard, writer: 'label', id: labelStreamId(rollout) };
}
