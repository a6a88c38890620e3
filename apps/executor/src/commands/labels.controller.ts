import { Controller, Inject } from '@nestjs/common';
import { MessagePattern, Payload } from '@nestjs/microservices';
import { type CommandResult, parseLabelCommand, SUBJECTS } from '@sluice/contracts';

import type { Labels } from '../labels/labels.js';
import { CommandEnvelopeDto } from './command.dto.js';
import { parsed } from './parsed.js';

export const LABELS = Symbol('Labels');

/** What people say about rollouts. */
@Controller()
export class LabelsController {
  constructor(@Inject(LABELS) private readonly labels: Labels) {}

  @MessagePattern(SUBJECTS.command('label'))
  label(@Payload() envelope: CommandEnvelopeDto): Promise<CommandResult> {
    return parsed(() => this.labels.command(parseLabelCommand(envelope)));
  }
}
