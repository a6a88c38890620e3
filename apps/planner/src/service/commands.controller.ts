import { Controller, Inject } from '@nestjs/common';
import { MessagePattern, Payload } from '@nestjs/microservices';
import { type CommandResult, type PreviewReply, SUBJECTS } from '@sluice/contracts';

import type { PlannerEngine } from '../engine/planner-engine.js';
import type { InventoryCommands } from '../inventory/commands.js';
import { InventoryEnvelopeDto } from './command.dto.js';
import { boundPreview } from './bound-preview.js';

export const ENGINE = Symbol('PlannerEngine');
export const INVENTORY = Symbol('InventoryCommands');

/** What is asked of the planner directly, in plain JSON. Requests themselves only come by the work queue. */
@Controller()
export class CommandsController {
  constructor(
    @Inject(ENGINE) private readonly engine: PlannerEngine,
    @Inject(INVENTORY) private readonly inventory: InventoryCommands,
  ) {}

  /** The payload is a request document: the same that would be published. The engine lists its faults. */
  @MessagePattern(SUBJECTS.command('plan'))
  async preview(@Payload() document: Record<string, unknown>): Promise<PreviewReply> {
    const previewed = await this.engine.preview(document);
    return previewed.ok ? { ok: true, preview: boundPreview(previewed.preview) } : previewed;
  }

  @MessagePattern(SUBJECTS.command('inventory'))
  define(@Payload() envelope: InventoryEnvelopeDto): Promise<CommandResult> {
    return this.inventory.apply(envelope);
  }
}
