import { Body, Controller, Get, Inject, Param, Post, Req, Res } from '@nestjs/common';
import { ApiOperation, ApiTags } from '@nestjs/swagger';

import type { HoldScope } from '@sluice/contracts';

import type { Commander, Done } from '../commands/commander.js';
import { refuse } from '../problems/problem.js';
import type { GroupCatalog } from '../read-model/group-catalog.js';
import { holdsIn } from '../read-model/holds.js';
import type { RolloutHistory } from '../read-model/rollout-history.js';
import type { LogReader } from '../read-model/rollout-loader.js';
import { COMMANDER, GROUPS, HISTORY, LOG } from '../tokens.js';
import { ReasonInput } from './command-inputs.js';
import { Command } from './command-route.js';
import { ApiAnswer, ApiCached, ApiCommandHeaders, ApiProblems } from './documentation.js';
import type { Exchange, Reply } from './exchange.js';
import { HoldInput } from './hold-inputs.js';
import { timeOf } from './times.js';

@ApiTags('holds')
@Controller('v1/holds')
export class HoldsController {
  constructor(
    @Inject(LOG) private readonly log: LogReader,
    @Inject(COMMANDER) private readonly commander: Commander,
    @Inject(HISTORY) private readonly history: RolloutHistory,
    @Inject(GROUPS) private readonly groups: GroupCatalog,
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
  @ApiProblems(400, 403, 404, 409, 410, 412, 413, 415, 422, 503, 504)
  async place(
    @Body() body: HoldInput,
    @Req() request: Exchange,
    @Res({ passthrough: true }) reply: Reply,
  ): Promise<Done> {
    const scope = scopeOf(body);
    if ('name' in scope && !(await this.isKnown(scope.kind, scope.name))) throw notKnown(scope.kind, scope.name);
    const command = { type: 'place', scope } as const;
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

  /** Also what is gone, as long as a rollout of it is in the log or in the archive. */
  private async isKnown(kind: 'rollout' | 'group' | 'app', name: string): Promise<boolean> {
    if (kind === 'rollout') return this.history.knows(name);
    const isThere =
      kind === 'group'
        ? this.groups.has(name)
        : this.groups.list({ app: name, limit: 1, sees: () => true }).items.length > 0;
    if (isThere) return true;
    const { items } = await this.history.list(kind === 'group' ? { group: name, limit: 1 } : { app: name, limit: 1 });
    return items.length > 0;
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
  return { kind: 'period', from: timeOf('/since', since), until: timeOf('/until', until) };
}

/** A hold on what never was keeps nothing, while what was meant is pruned. */
const notKnown = (kind: string, name: string) =>
  refuse(
    'NOT_FOUND',
    `there is no ${kind} ${name.slice(0, 60)}, nor was there one, so nothing would be kept: look up its name (sluice list, with --archived too); while that is not clear, hold a period or all`,
  );

const nameless = () => badScope('/of', 'leave it out: only a rollout, group or app has a name');

const badScope = (path: string, message: string) =>
  refuse('BAD_DOCUMENT', `${path} ${message}`, { status: 422, faults: [{ path, code: 'BAD_SCOPE', message }] });
