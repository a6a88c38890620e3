import { Body, Controller, Get, Inject, Param, Query, Req, Res } from '@nestjs/common';
import { ApiOperation, ApiTags } from '@nestjs/swagger';

import type { VariableCommand } from '@sluice/contracts';
import type { Clock } from '@sluice/kernel';

import type { Commander, Done } from '../commands/commander.js';
import type { Past } from '../past/past.js';
import { type VariableDetailThen, variableDetailThen } from '../past/variable-view.js';
import { CLOCK, COMMANDER, FLEETS, PAST } from '../tokens.js';
import type { Fleets } from '../variables/fleets.js';
import { detailOf, summaryOf, type VariableDetail, type VariableSummary } from '../variables/variables-view.js';
import { ReasonInput } from './command-inputs.js';
import { Command } from './command-route.js';
import { ApiAnswer, ApiCached, ApiProblems } from './documentation.js';
import type { Exchange, Reply } from './exchange.js';
import { etagOf } from './headers.js';
import { foundIn } from './lookup.js';
import { MomentQuery } from './moment-inputs.js';
import { DefineInput, PinInput, specOf, UnpinInput, VariablesQuery } from './variable-inputs.js';

/** Variables of fleets: how far their ramps are, and what may be said to them. */
@ApiTags('variables')
@Controller('v1/variables')
export class VariablesController {
  constructor(
    @Inject(FLEETS) private readonly fleets: Fleets,
    @Inject(COMMANDER) private readonly commander: Commander,
    @Inject(CLOCK) private readonly clock: Clock,
    @Inject(PAST) private readonly past: Past,
  ) {}

  @Get()
  @ApiOperation({ operationId: 'listVariables', summary: 'All variables: their values, and how far their ramps are' })
  @ApiCached()
  @ApiAnswer('Variables', 'By fleet and name.')
  @ApiProblems(422)
  list(@Query() { fleet }: VariablesQuery): { readonly items: readonly VariableSummary[] } {
    const now = this.clock.now();
    const views = this.fleets.all().filter(({ name }) => fleet === undefined || name === fleet);
    return { items: views.flatMap((view) => view.variables.map((variable) => summaryOf(view, variable, now))) };
  }

  @Get(':fleet/:name')
  @ApiOperation({
    operationId: 'getVariable',
    summary:
      'One variable, now or at any moment: its ramp, how many hosts of each role are to have which value, and what they say they have',
  })
  @ApiCached()
  @ApiAnswer('VariableNowOrThen', 'Its rev begins the ETag.')
  @ApiProblems(404, 422)
  async get(
    @Param('fleet') fleet: string,
    @Param('name') name: string,
    @Query() { at }: MomentQuery,
    @Res({ passthrough: true }) reply: Reply,
  ): Promise<VariableDetail | VariableDetailThen> {
    if (at !== undefined) return variableDetailThen(await this.past.variable({ fleet, name }, at));
    const { view, variable } = foundIn(this.fleets, fleet, name);
    const detail = detailOf(view, variable, this.clock.now());
    reply.header('etag', etagOf(detail.rev));
    return detail;
  }

  @Command(':fleet/:name/commands/define', 'Variable', 'Make a variable, change its limits, or name its next value')
  define(
    @Param() target: Named,
    @Body() body: DefineInput,
    @Req() request: Exchange,
    @Res({ passthrough: true }) reply: Reply,
  ): Promise<Done> {
    return this.say({ target, body, request, reply }, { type: 'define', spec: specOf(target.name, body) });
  }

  @Command(':fleet/:name/commands/ramp', 'Variable', 'Set out for the new value, from where it is')
  ramp(
    @Param() target: Named,
    @Body() body: ReasonInput,
    @Req() request: Exchange,
    @Res({ passthrough: true }) reply: Reply,
  ): Promise<Done> {
    return this.say({ target, body, request, reply }, { type: 'ramp' });
  }

  @Command(':fleet/:name/commands/pause', 'Variable', 'Let nothing change; the time that passes does not count')
  pause(
    @Param() target: Named,
    @Body() body: ReasonInput,
    @Req() request: Exchange,
    @Res({ passthrough: true }) reply: Reply,
  ): Promise<Done> {
    return this.say({ target, body, request, reply }, { type: 'pause' });
  }

  @Command(':fleet/:name/commands/resume', 'Variable', 'Go on after a pause or a stop, from where it was')
  resume(
    @Param() target: Named,
    @Body() body: ReasonInput,
    @Req() request: Exchange,
    @Res({ passthrough: true }) reply: Reply,
  ): Promise<Done> {
    return this.say({ target, body, request, reply }, { type: 'resume' });
  }

  @Command(':fleet/:name/commands/stop', 'Variable', 'Freeze who has which value; nothing reverts by itself')
  stop(
    @Param() target: Named,
    @Body() body: ReasonInput,
    @Req() request: Exchange,
    @Res({ passthrough: true }) reply: Reply,
  ): Promise<Done> {
    return this.say({ target, body, request, reply }, { type: 'stop' });
  }

  @Command(':fleet/:name/commands/reverse', 'Variable', 'Go back for the old value, as fast as it came')
  reverse(
    @Param() target: Named,
    @Body() body: ReasonInput,
    @Req() request: Exchange,
    @Res({ passthrough: true }) reply: Reply,
  ): Promise<Done> {
    return this.say({ target, body, request, reply }, { type: 'reverse' });
  }

  @Command(':fleet/:name/commands/revert', 'Variable', 'Give all hosts the old value, at once')
  revert(
    @Param() target: Named,
    @Body() body: ReasonInput,
    @Req() request: Exchange,
    @Res({ passthrough: true }) reply: Reply,
  ): Promise<Done> {
    return this.say({ target, body, request, reply }, { type: 'revert' });
  }

  @Command(':fleet/:name/commands/finish', 'Variable', 'Do the rest of the ramp at once, within its limits')
  finish(
    @Param() target: Named,
    @Body() body: ReasonInput,
    @Req() request: Exchange,
    @Res({ passthrough: true }) reply: Reply,
  ): Promise<Done> {
    return this.say({ target, body, request, reply }, { type: 'finish' });
  }

  @Command(':fleet/:name/commands/pin', 'Variable', 'Give some hosts a value of their own, whatever the ramp does')
  pin(
    @Param() target: Named,
    @Body() body: PinInput,
    @Req() request: Exchange,
    @Res({ passthrough: true }) reply: Reply,
  ): Promise<Done> {
    return this.say({ target, body, request, reply }, { type: 'pin', hosts: body.hosts, value: body.value });
  }

  @Command(':fleet/:name/commands/unpin', 'Variable', 'Let pinned hosts be part of the ramp again')
  unpin(
    @Param() target: Named,
    @Body() body: UnpinInput,
    @Req() request: Exchange,
    @Res({ passthrough: true }) reply: Reply,
  ): Promise<Done> {
    return this.say({ target, body, request, reply }, { type: 'unpin', hosts: body.hosts });
  }

  private say({ target, body, request, reply }: Call, command: VariableCommand): Promise<Done> {
    return this.commander.variable({ ...target, command, reason: body.reason, request }, reply);
  }
}

interface Named {
  readonly fleet: string;
  readonly name: string;
}

interface Call {
  readonly target: Named;
  readonly body: ReasonInput;
  readonly request: Exchange;
  readonly reply: Reply;
}
