import { Controller, Get, Inject, Param, Query, Req } from '@nestjs/common';
import { ApiOperation, ApiParam, ApiTags } from '@nestjs/swagger';

import { sees } from '../access/principal.js';
import type { Past } from '../past/past.js';
import { PAST } from '../tokens.js';
import { ApiAnswer, ApiCached, ApiProblems } from './documentation.js';
import type { Exchange } from './exchange.js';
import { principalOf } from './headers.js';
import { betweenOf, BetweenQuery, type DifferencePage, differencePage } from './moment-inputs.js';

const ANSWER = 'All changes are counted, a page of them is listed. The moments may be in any order.';

/** What changed between two moments, as the log tells it. */
@ApiTags('past')
@Controller('v1')
export class DifferencesController {
  constructor(@Inject(PAST) private readonly past: Past) {}

  @Get('rollouts/:id/diff')
  @ApiOperation({
    operationId: 'diffRollout',
    summary: 'What changed in a rollout between two moments: its state, its budget, each of its hosts',
  })
  @ApiParam({ name: 'id' })
  @ApiCached()
  @ApiAnswer('Difference', ANSWER)
  @ApiProblems(400, 404, 410, 422)
  async rollout(@Param('id') id: string, @Query() query: BetweenQuery): Promise<DifferencePage> {
    return differencePage(await this.past.rolloutDifference(id, betweenOf(query)));
  }

  @Get('groups/:name/diff')
  @ApiOperation({
    operationId: 'diffGroup',
    summary: 'What changed in a group between two moments: lease, exclusions, versions, what its hosts run',
  })
  @ApiParam({ name: 'name' })
  @ApiCached()
  @ApiAnswer('Difference', ANSWER)
  @ApiProblems(400, 404, 422)
  async group(@Param('name') name: string, @Query() query: BetweenQuery): Promise<DifferencePage> {
    return differencePage(await this.past.groupDifference(name, betweenOf(query)));
  }

  @Get('variables/:fleet/:name/diff')
  @ApiOperation({
    operationId: 'diffVariable',
    summary: 'What changed in a variable between two moments: its ramp, its limits, what each host is to have',
  })
  @ApiParam({ name: 'fleet' })
  @ApiParam({ name: 'name' })
  @ApiCached()
  @ApiAnswer('Difference', ANSWER)
  @ApiProblems(400, 404, 422)
  async variable(
    @Param('fleet') fleet: string,
    @Param('name') name: string,
    @Query() query: BetweenQuery,
  ): Promise<DifferencePage> {
    return differencePage(await this.past.variableDifference({ fleet, name }, betweenOf(query)));
  }

  @Get('fleet/diff')
  @ApiOperation({
    operationId: 'diffFleet',
    summary: 'What changed in all groups between two moments, and in freezes and dependencies',
  })
  @ApiCached()
  @ApiAnswer('Difference', ANSWER)
  @ApiProblems(400, 404, 422)
  async fleet(@Query() query: BetweenQuery, @Req() request: Exchange): Promise<DifferencePage> {
    const principal = principalOf(request);
    return differencePage(await this.past.fleetDifference((group) => sees(principal, group), betweenOf(query)));
  }
}
