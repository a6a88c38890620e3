import { Controller, Inject } from '@nestjs/common';
import { MessagePattern, Payload } from '@nestjs/microservices';
import { type CommandResult, parseGroupCommand, parseRolloutCommand, SUBJECTS } from '@sluice/contracts';

import type { CommandRouter } from '../shards/command-router.js';
import { CommandEnvelopeDto } from './command.dto.js';
import { parsed } from './parsed.js';

export const ROUTER = Symbol('CommandRouter');

/** Commands to rollouts and groups as any NATS client sends them: plain JSON in, plain JSON out. */
@Controller()
export class CommandsController {
  constructor(@Inject(ROUTER) private readonly router: CommandRouter) {}

  @MessagePattern(SUBJECTS.command('rollout'))
  rollout(@Payload() envelope: CommandEnvelopeDto): Promise<CommandResult> {
    return parsed(() => this.router.command(parseRolloutCommand(envelope)));
  }

  @MessagePattern(SUBJECTS.command('group'))
  group(@Payload() envelope: CommandEnvelopeDto): Promise<CommandResult> {
    return parsed(() => this.router.groupCommand(parseGroupCommand(envelope)));
  }
}
