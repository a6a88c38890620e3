import { Controller, Get, Inject, Query, Req } from '@nestjs/common';
import { ApiOperation, ApiTags } from '@nestjs/swagger';

import { sees } from '../access/principal.js';
import type { FleetGroup } from '../past/group-view.js';
import type { FleetThen, Past } from '../past/past.js';
import { PAST } from '../tokens.js';
import { encodeCursor, type Page } from './cursor.js';
import { ApiAnswer, ApiCached, ApiProblems } from './documentation.js';
import type { Exchange } from './exchange.js';
import { cursorOf } from './group-query.js';
import { principalOf } from './headers.js';
import { PageAtQuery } from './moment-inputs.js';

/** All groups, now or at any moment, from the log alone. */
@ApiTags('past')
@Controller('v1/fleet')
export class FleetController {
  constructor(@Inject(PAST) private readonly past: Past) {}

  @Get()
  @ApiOperation({
    operationId: 'getFleet',
    summary: 'Which versions the groups run, which rollouts are open, and what is frozen: now or at any moment',
    description:
      'From the log alone: what hosts and the inventory say of themselves is not in it. The hosts of a group are its members in `GET /v1/groups/{name}?at=`.',
  })
  @ApiCached()
  @ApiAnswer('Fleet', 'limit and cursor page its groups.')
  @ApiProblems(400, 422)
  async get(@Query() query: PageAtQuery, @Req() request: Exchange): Promise<FleetPage> {
    const principal = principalOf(request);
    const wanted = {
      after: cursorOf('fleet', query),
      limit: query.limit,
      sees: (group: string) => sees(principal, group),
    };
    const { groups: items, next, ...around } = await this.past.fleet(wanted, query.at);
    return { ...around, groups: { items, next: next === undefined ? null : encodeCursor('fleet', next) } };
  }
}

/** The fleet at a moment. */
export interface FleetPage extends Omit<FleetThen, 'groups' | 'next'> {
  readonly groups: Page<FleetGroup>;
}
