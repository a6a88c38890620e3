import { Controller, Inject } from '@nestjs/common';
import { MessagePattern, Payload } from '@nestjs/microservices';
import { type CommandResult, parseFreezeCommand, SUBJECTS } from '@sluice/contracts';

import type { Freezes } from '../freezes/freezes.js';
import { CommandEnvelopeDto } from './command.dto.js';
import { parsed } from './parsed.js';

export const FREEZES = Symbol('Freezes');

/** Commands to the freezes of the installation. */
@Controller()
export class FreezesController {
  constructor(@Inject(FREEZES) private readonly freezes: Freezes) {}

  @MessagePattern(SUBJECTS.command('freeze'))
  freeze(@Payload() envelope: CommandEnvelopeDto): Promise<CommandResult> {
    return parsed(() => this.freezes.command(parseFreezeCommand(envelope)));
  }
}
