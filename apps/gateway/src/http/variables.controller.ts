import { Body, Controller, Get, Inject, Param, Query, Req, Res } from '@nestjs/common';
import { ApiOperation, ApiTags } from '@nestjs/swagger';

import type { VariableCommand } from '@sluice/contracts';
import { type Clock, parseDuration } from '@sluice/kernel';
import type { Explanation, Series, VariableState } from '@sluice/variable';

import type { Commander, Done } from '../commands/commander.js';
import { refuse } from '../problems/problem.js';
import { CLOCK, COMMANDER, FLEETS, VARIABLES_PAST } from '../tokens.js';
import type { FleetView } from '../variables/fleet-view.js';
import type { Fleets } from '../variables/fleets.js';
import type { VariablesPast } from '../variables/past.js';
import { detailOf, summaryOf, type VariableDetail, type VariableSummary } from '../variables/variables-view.js';
import { ReasonInput } from './command-inputs.js';
import { Command } from './command-route.js';
import { ApiAnswer, ApiCached, ApiProblems } from './documentation.js';
import type { Exchange, Reply } from './exchange.js';
import { etagOf } from './headers.js';
import { instantOf } from './query-inputs.js';
import {
  DefineInput,
  ExplainInput,
  PinInput,
  SeriesInput,
  specOf,
  UnpinInput,
  VariablesQuery,
} from './variable-inputs.js';

const DAY_MS = 86_400_000;

/** Variables of fleets: how far their ramps are, what was decided and why, and what may be said to them. */
@ApiTags('variables')
@Controller('v1/variables')
export class VariablesController {
  constructor(
    @Inject(FLEETS) private readonly fleets: Fleets,
    @Inject(VARIABLES_PAST) private readonly past: VariablesPast,
    @Inject(COMMANDER) private readonly commander: Commander,
    @Inject(CLOCK) private readonly clock: Clock,
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
    summary: 'One variable: its ramp, how many hosts of each role are to have which value, and what they say they have',
  })
  @ApiCached()
  @ApiAnswer('VariableDetail', 'Its rev begins the ETag.')
  @ApiProblems(404, 422)
  get(
    @Param('fleet') fleet: string,
    @Param('name') name: string,
    @Res({ passthrough: true }) reply: Reply,
  ): VariableDetail {
    const { view, variable } = this.found(fleet, name);
    const detail = detailOf(view, variable, this.clock.now());
    reply.header('etag', etagOf(detail.rev));
    return detail;
  }

  @Get(':fleet/:name/series')
  @ApiOperation({
    operationId: 'getVariableSeries',
    summary: 'How many hosts were to have which value, step by step: the old line falls, the new one rises',
  })
  @ApiCached()
  @ApiAnswer('VariableSeries', 'At most 1,500 points: `stepMs` is a multiple of the step where there were more.')
  @ApiProblems(404, 422, 503)
  async series(
    @Param('fleet') fleet: string,
    @Param('name') name: string,
    @Query() query: SeriesInput,
  ): Promise<Series> {
    this.found(fleet, name);
    const to = query.to === undefined ? this.clock.now() : instantOf(query.to);
    const from = query.from === undefined ? to - DAY_MS : instantOf(query.from);
    const role = query.role === undefined ? {} : { role: query.role };
    return this.past.series(fleet, { variable: name, from, to, stepMs: parseDuration(query.step), ...role });
  }

  @Get(':fleet/:name/explain')
  @ApiOperation({
    operationId: 'explainVariable',
    summary: 'Why a host is, or at any time was, to have its value: from the log alone',
  })
  @ApiCached()
  @ApiAnswer('VariableExplanation', 'The value, the rule that bound, the fraction, and its place in its role.')
  @ApiProblems(404, 422, 503)
  async explain(
    @Param('fleet') fleet: string,
    @Param('name') name: string,
    @Query() { host, at }: ExplainInput,
  ): Promise<Explanation> {
    this.found(fleet, name);
    const when = at === undefined ? this.clock.now() : instantOf(at);
    const [explanation] = await this.past.explain(fleet, [name], { host, at: when });
    if (explanation === undefined) throw noVariable(fleet, name);
    return explanation;
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

  private found(fleet: string, name: string): { readonly view: FleetView; readonly variable: VariableState } {
    const view = this.fleets.find(fleet);
    const variable = view?.state.variables.get(name);
    if (view === undefined || variable === undefined) throw noVariable(fleet, name);
    return { view, variable };
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

const noVariable = (fleet: string, name: string): Error =>
  refuse(
    'NOT_FOUND',
    `there is no variable ${name.slice(0, 60)} in fleet ${fleet.slice(0, 60)}: GET /v1/variables lists those that there are`,
  );
