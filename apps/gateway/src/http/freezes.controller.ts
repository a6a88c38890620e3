import { Body, Controller, Get, Inject, Param, Post, Req, Res } from '@nestjs/common';
import { ApiOperation, ApiTags } from '@nestjs/swagger';

import { type FreezeCommand, type FreezeScope, NEW_FREEZE } from '@sluice/contracts';
import { type Clock, parseDuration } from '@sluice/kernel';

import type { Commander, Done } from '../commands/commander.js';
import { refuse } from '../problems/problem.js';
import type { FreezeIndex } from '../read-model/freeze-index.js';
import { CLOCK, COMMANDER, FREEZES } from '../tokens.js';
import { ReasonInput } from './command-inputs.js';
import { Command } from './command-route.js';
import { ApiAnswer, ApiCached, ApiCommandHeaders, ApiProblems } from './documentation.js';
import type { Exchange, Reply } from './exchange.js';
import { FreezeInput } from './freeze-inputs.js';
import { timeOf } from './times.js';

@ApiTags('freezes')
@Controller('v1/freezes')
export class FreezesController {
  constructor(
    @Inject(FREEZES) private readonly freezes: FreezeIndex,
    @Inject(COMMANDER) private readonly commander: Commander,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  @Get()
  @ApiOperation({
    operationId: 'listFreezes',
    summary: 'Freeze windows and stop-the-line: what is frozen, until when and why',
  })
  @ApiCached()
  @ApiAnswer('Freezes', 'Those that end first stand first.')
  @ApiProblems(422)
  list(): ReturnType<FreezeIndex['list']> {
    return this.freezes.list();
  }

  @Post()
  @ApiOperation({
    operationId: 'declareFreeze',
    summary: 'Freeze rollouts: nothing is admitted and no traffic moves to a new side until it ends or is lifted',
  })
  @ApiCommandHeaders()
  @ApiAnswer('Done', 'Declared; target is its id.', 201)
  @ApiProblems(400, 403, 404, 409, 412, 413, 415, 422, 503, 504)
  declare(
    @Body() body: FreezeInput,
    @Req() request: Exchange,
    @Res({ passthrough: true }) reply: Reply,
  ): Promise<Done> {
    const now = this.clock.now();
    const from = body.from === undefined ? undefined : timeOf('/from', body.from);
    const command: FreezeCommand = {
      type: 'freeze',
      scope: scopeOf(body),
      until: (from ?? now) + parseDuration(body.for),
      ...(from === undefined ? {} : { from }),
    };
    return this.commander.freeze({ target: NEW_FREEZE, command, reason: body.reason, request }, reply);
  }

  @Command(':id/commands/lift', 'Freeze', 'End a freeze before its time; needs a reason')
  lift(
    @Param('id') id: string,
    @Body() body: ReasonInput,
    @Req() request: Exchange,
    @Res({ passthrough: true }) reply: Reply,
  ): Promise<Done> {
    return this.commander.freeze({ target: id, command: { type: 'lift' }, reason: body.reason, request }, reply);
  }
}

/** Code BAD_DOCUMENT when the name is missing, or there is one for everything. */
function scopeOf({ scope: kind, name }: FreezeInput): FreezeScope {
  if (kind === 'all' && name === undefined) return { kind };
  if (kind !== 'all' && name !== undefined) return { kind, name };
  const message = kind === 'all' ? 'leave it out: everything is frozen' : `say which ${kind} is frozen`;
  const fault = { path: '/name', code: 'BAD_SCOPE', message };
  throw refuse('BAD_DOCUMENT', `/name ${message}`, { status: 422, faults: [fault] });
}
