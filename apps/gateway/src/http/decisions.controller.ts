import { Controller, Get, Inject, Param, Query } from '@nestjs/common';
import { ApiOperation, ApiParam, ApiPropertyOptional, ApiTags } from '@nestjs/swagger';
import { IsIn } from 'class-validator';

import { type Decision, DECISION_KINDS, type DecisionKind, type Explanation } from '@sluice/contracts';
import type { Clock } from '@sluice/kernel';

import type { CommitView } from '../read-model/commit-view.js';
import type { DecisionReader } from '../read-model/decisions.js';
import type { GroupCatalog } from '../read-model/group-catalog.js';
import type { RolloutHistory } from '../read-model/rollout-history.js';
import { CLOCK, DECISIONS, GROUPS, HISTORY } from '../tokens.js';
import { decodeCursor, encodeCursor, type Page } from './cursor.js';
import { ApiAnswer, ApiCached, ApiProblems } from './documentation.js';
import { noGroup, noRollout } from './lookup.js';
import { Optional } from './optional.js';
import { PageQuery } from './query-inputs.js';

export class DecisionsQuery extends PageQuery {
  @ApiPropertyOptional({ enum: DECISION_KINDS, description: 'Only decisions of this kind.' })
  @Optional()
  @IsIn(DECISION_KINDS)
  readonly kind?: DecisionKind;
}

/** `standing`: why it does not go on now; null when it is over, and on all pages but the last. */
export interface DecisionPage extends Page<Decision> {
  readonly standing: Explanation | null;
}

@ApiTags('decisions')
@Controller('v1')
export class DecisionsController {
  constructor(
    @Inject(DECISIONS) private readonly decisions: DecisionReader,
    @Inject(HISTORY) private readonly history: RolloutHistory,
    @Inject(GROUPS) private readonly groups: GroupCatalog,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  @Get('rollouts/:id/decisions')
  @ApiOperation({
    operationId: 'listDecisions',
    summary: 'Why a rollout went as it did: each decision with its rule, numbers and arithmetic',
    description:
      'In the order of the log, those of its group about it, too. A decision whose record is not what the log before it makes has a `doubt`.',
  })
  @ApiParam({ name: 'id' })
  @ApiCached()
  @ApiAnswer('DecisionPage', 'One page of decisions; the last one says why the rollout does not go on now.')
  @ApiProblems(400, 404, 422, 503)
  async list(@Param('id') id: string, @Query() query: DecisionsQuery): Promise<DecisionPage> {
    if (!(await this.history.knows(id))) throw noRollout(id);
    const { limit, cursor, kind } = query;
    const skip = cursor === undefined ? 0 : decodeCursor('decisions', 'number', cursor);
    const now = this.clock.now();
    const { items, hasMore, standing } = await this.decisions.page({ id, kind, skip, limit, now });
    return { items, next: hasMore ? encodeCursor('decisions', skip + items.length) : null, standing };
  }

  @Get('groups/:name/events')
  @ApiOperation({
    operationId: 'listGroupEvents',
    summary: 'What a group has decided: leases, what is blocked, who is excluded; as it stands in the log',
  })
  @ApiParam({ name: 'name' })
  @ApiCached()
  @ApiAnswer('GroupEventPage', 'One page of commits in the order of the log.')
  @ApiProblems(400, 404, 422, 503)
  async events(@Param('name') name: string, @Query() query: PageQuery): Promise<Page<CommitView>> {
    if (this.groups.get(name) === undefined) throw noGroup(name);
    const from = query.cursor === undefined ? 1 : decodeCursor('groupEvents', 'number', query.cursor);
    const { items, next } = await this.decisions.group(name, from, query.limit);
    return { items, next: next === undefined ? null : encodeCursor('groupEvents', next) };
  }
}
