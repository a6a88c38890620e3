import { Controller, Inject } from '@nestjs/common';
import { MessagePattern, Payload } from '@nestjs/microservices';
import { type CommandResult, parseFleetCommand, parseVariableCommand, SUBJECTS } from '@sluice/contracts';

import type { CommandRouter } from '../shards/command-router.js';
import { CommandEnvelopeDto } from './command.dto.js';
import { ROUTER } from './commands.controller.js';
import { parsed } from './parsed.js';

/** Commands to variables (`<fleet>/<variable>`) and to fleets. */
@Controller()
export class VariablesController {
  constructor(@Inject(ROUTER) private readonly router: CommandRouter) {}

  @MessagePattern(SUBJECTS.command('variable'))
  variable(@Payload() envelope: CommandEnvelopeDto): Promise<CommandResult> {
    return parsed(() => this.router.variableCommand(parseVariableCommand(envelope)));
  }

  @MessagePattern(SUBJECTS.command('fleet'))
  fleet(@Payload() envelope: CommandEnvelopeDto): Promise<CommandResult> {
    return parsed(() => this.router.fleetCommand(parseFleetCommand(envelope)));
  }
}
