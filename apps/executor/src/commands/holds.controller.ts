import { Controller, Inject } from '@nestjs/common';
import { MessagePattern, Payload } from '@nestjs/microservices';
import { type CommandResult, parseHoldCommand, SUBJECTS } from '@sluice/contracts';

import type { Holds } from '../holds/holds.js';
import { CommandEnvelopeDto } from './command.dto.js';
import { parsed } from './parsed.js';

export const HOLDS = Symbol('Holds');

/** Commands to the legal holds of the installation. */
@Controller()
export class HoldsController {
  constructor(@Inject(HOLDS) private readonly holds: Holds) {}

  @MessagePattern(SUBJECTS.command('hold'))
  hold(@Payload() envelope: CommandEnvelopeDto): Promise<CommandResult> {
    return parsed(() => this.holds.command(parseHoldCommand(envelope)));
  }
}
