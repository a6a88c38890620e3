import { Controller, Inject } from '@nestjs/common';
import { MessagePattern, Payload } from '@nestjs/microservices';
import { type CommandResult, parseDependencyCommand, SUBJECTS } from '@sluice/contracts';

import type { Dependencies } from '../dependency/dependencies.js';
import { CommandEnvelopeDto } from './command.dto.js';
import { parsed } from './parsed.js';

export const DEPENDENCIES = Symbol('Dependencies');

/** Commands to dependencies: whichever executor is asked writes them, and all of them follow. */
@Controller()
export class DependenciesController {
  constructor(@Inject(DEPENDENCIES) private readonly dependencies: Dependencies) {}

  @MessagePattern(SUBJECTS.command('dependency'))
  dependency(@Payload() envelope: CommandEnvelopeDto): Promise<CommandResult> {
    return parsed(() => this.dependencies.command(parseDependencyCommand(envelope)));
  }
}
