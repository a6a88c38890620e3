import { Body, Controller, Get, Inject, Param, Post, Req, Res } from '@nestjs/common';
import { ApiOperation, ApiTags } from '@nestjs/swagger';

import type { HoldScope } from '@sluice/contracts';

import type { Commander, Done } from '../commands/commander.js';
import { refuse } from '../problems/problem.js';
import { holdsIn } from '../read-model/holds.js';
import type { LogReader } from '../read-model/rollout-loader.js';
import { COMMANDER, LOG } from '../tokens.js';
import { ReasonInput } from './command-inputs.js';
import { Command } from './command-route.js';
import { ApiAnswer, ApiCached, ApiCommandHeaders, ApiProblems } from './documentation.js';
import type { Exchange, Reply } from './exchange.js';
import { HoldInput } from './hold-inputs.js';

@ApiTags('holds')
@Controller('v1/holds')
export class HoldsController {
  constructor(
    @Inject(LOG) private readonly log: LogReader,
    @Inject(COMMANDER) private readonly commander: Commander,
  ) {}

  @Get()
  @ApiOperation({
    operationId: 'listHolds',
    summary: 'Legal holds: what must not be deleted from the archive, and why',
  })
  @ApiCached()
  @ApiAnswer('Holds', 'Those that were placed first stand first.')
  @ApiProblems(503)
  list(): ReturnType<typeof holdsIn> {
    return holdsIn(this.log);
  }

  @Post()
  @ApiOperation({ operationId: 'placeHold', summary: 'Keep what it covers from being pruned, whatever its age' })
  @ApiCommandHeaders()
  @ApiAnswer('Done', 'Placed; target is its name.', 201)
  @ApiProblems(400, 403, 404, 409, 412, 413, 415, 422, 503, 504)
  place(@Body() body: HoldInput, @Req() request: Exchange, @Res({ passthrough: true }) reply: Reply): Promise<Done> {
    const command = { type: 'place', scope: scopeOf(body) } as const;
    return this.commander.hold({ target: body.name, command, reason: body.reason, request }, reply);
  }

  @Command(':name/commands/lift', 'Hold', 'End a hold: what it kept may be pruned from then on; needs a reason')
  lift(
    @Param('name') name: string,
    @Body() body: ReasonInput,
    @Req() request: Exchange,
    @Res({ passthrough: true }) reply: Reply,
  ): Promise<Done> {
    return this.commander.hold({ target: name, command: { type: 'lift' }, reason: body.reason, request }, reply);
  }
}

/** Code BAD_DOCUMENT when what it covers is not said, or said twice. */
function scopeOf({ scope: kind, of: name, since, until }: HoldInput): HoldScope {
  if (kind === 'period') return periodOf({ name, since, until });
  if ((since ?? until) !== undefined) throw badScope('/since', 'only a period has since and until');
  if (kind === 'all') {
    if (name !== undefined) throw nameless();
    return { kind };
  }
  if (name === undefined) throw badScope('/of', `say which ${kind} is held`);
  return { kind, name };
}

function periodOf({ name, since, until }: Readonly<Record<'name' | 'since' | 'until', string | undefined>>): HoldScope {
  if (name !== undefined) throw nameless();
  if (since === undefined || until === undefined) throw badScope('/since', 'a period has since and until');
  return { kind: 'period', from: Date.parse(since), until: Date.parse(until) };
}

const nameless = () => badScope('/of', 'leave it out: only a rollout, group or app has a name');

const badScope = (path: string, message: string) =>
  refuse('BAD_DOCUMENT', `${path} ${message}`, { status: 422, faults: [{ path, code: 'BAD_SCOPE', message }] });
