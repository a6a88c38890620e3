import { Body, Controller, Inject, Param, Req, Res } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';

import type { Commander, Done } from '../commands/commander.js';
import type { RolloutHistory } from '../read-model/rollout-history.js';
import { COMMANDER, HISTORY } from '../tokens.js';
import { Command } from './command-route.js';
import type { Exchange, Reply } from './exchange.js';
import { LabelInput } from './label-inputs.js';
import { noRollout } from './lookup.js';

/** What people say a rollout was, whenever they know it: policies are measured against it (sluice backtest). */
@ApiTags('rollout commands')
@Controller('v1/rollouts/:id/commands')
export class LabelsController {
  constructor(
    @Inject(COMMANDER) private readonly commander: Commander,
    @Inject(HISTORY) private readonly history: RolloutHistory,
  ) {}

  @Command('label', 'Rollout', 'Say that it was good or bad, whatever became of it; needs a reason')
  async label(
    @Param('id') id: string,
    @Body() { label, reason }: LabelInput,
    @Req() request: Exchange,
    @Res({ passthrough: true }) reply: Reply,
  ): Promise<Done> {
    // The executor writes about any rollout; which there are, those of the archive too, is known here.
    if (!(await this.history.knows(id))) throw noRollout(id);
    return this.commander.label({ target: id, command: { type: 'label', label }, reason, request }, reply);
  }
}
