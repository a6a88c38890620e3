import { Controller, Get, Inject, Param, Query, Res } from '@nestjs/common';
import { ApiOperation, ApiParam, ApiTags } from '@nestjs/swagger';

import type { WeightDocument } from '@sluice/contracts';

import { refuse } from '../problems/problem.js';
import type { GroupCatalog } from '../read-model/group-catalog.js';
import type { WeightHistory, WeightMove } from '../read-model/weight-history.js';
import type { WeightsView } from '../read-model/weights-view.js';
import { GROUPS, WEIGHT_HISTORY, WEIGHTS } from '../tokens.js';
import { decodeCursor, encodeCursor, type Page } from './cursor.js';
import { ApiAnswer, ApiCached, ApiProblems } from './documentation.js';
import type { Reply } from './exchange.js';
import { etagOf } from './headers.js';
import { noGroup } from './lookup.js';
import { PageQuery } from './query-inputs.js';

@ApiTags('weights')
@Controller('v1/weights')
export class WeightsController {
  constructor(
    @Inject(WEIGHTS) private readonly weights: WeightsView,
    @Inject(WEIGHT_HISTORY) private readonly past: WeightHistory,
    @Inject(GROUPS) private readonly groups: GroupCatalog,
  ) {}

  @Get(':name')
  @ApiOperation({
    operationId: 'getWeights',
    summary: "How much of a group's traffic each of its two sides gets: for applications, to be asked again and again",
    description:
      'Answered from memory. Send the ETag back as If-None-Match: 304 until the weights move. watchWeights({ url }) of @sluice/side does.',
  })
  @ApiParam({ name: 'name', description: 'The group.' })
  @ApiCached()
  @ApiAnswer('WeightDocument', 'The weights that are in force. Their version begins the ETag.')
  @ApiProblems(404, 422, 503)
  get(@Param('name') name: string, @Res({ passthrough: true }) reply: Reply): WeightDocument {
    const document = this.weights.of(name);
    if (document === undefined) throw this.noWeights(name);
    reply.header('etag', etagOf(document.version));
    return document;
  }

  @Get(':name/history')
  @ApiOperation({
    operationId: 'listWeightMoves',
    summary: "Who moved a group's traffic, when, from what, to what and why: the newest first",
  })
  @ApiParam({ name: 'name', description: 'The group.' })
  @ApiCached()
  @ApiAnswer('WeightMovePage', 'One page of moves; the last thousand of a group are told.')
  @ApiProblems(400, 404, 422, 503)
  history(@Param('name') name: string, @Query() { limit, cursor }: PageQuery): Page<WeightMove> {
    const before = cursor === undefined ? undefined : decodeCursor('weights', 'number', cursor);
    const { items, next } = this.past.list(name, before, limit);
    if (items.length === 0 && this.groups.get(name) === undefined) throw noGroup(name);
    return { items, next: next === undefined ? null : encodeCursor('weights', next) };
  }

  private noWeights(name: string): Error {
    if (!this.weights.isSynced)
      return refuse('NOT_READY', 'which weights there are is not known yet: try again in a moment');
    const shown = name.slice(0, 60);
    const detail =
      this.groups.get(name) === undefined
        ? `there is no group ${shown}: GET /v1/groups lists those that there are`
        : `no traffic of group ${shown} was ever moved: take its live side (GET /v1/groups/${encodeURIComponent(shown)}, sides.live) for all of it until a rollout has`;
    return refuse('NOT_FOUND', detail);
  }
}
