import { Controller, Get, Inject, Param, Query } from '@nestjs/common';
import { ApiOperation, ApiParam, ApiTags } from '@nestjs/swagger';

import type { GateScore } from '@sluice/gating';

import type { GateScores } from '../read-model/gate-scores.js';
import type { RolloutHistory } from '../read-model/rollout-history.js';
import type { LogReader } from '../read-model/rollout-loader.js';
import { verdictPage, type VerdictView } from '../read-model/verdicts.js';
import { GATE_SCORES, HISTORY, LOG } from '../tokens.js';
import { decodeCursor, encodeCursor, type Page } from './cursor.js';
import { ApiAnswer, ApiCached, ApiProblems } from './documentation.js';
import { noRollout } from './lookup.js';
import { VerdictsQuery } from './query-inputs.js';

@ApiTags('gates')
@Controller('v1')
export class GatesController {
  constructor(
    @Inject(GATE_SCORES) private readonly scores: GateScores,
    @Inject(HISTORY) private readonly history: RolloutHistory,
    @Inject(LOG) private readonly log: LogReader,
  ) {}

  @Get('rollouts/:id/verdicts')
  @ApiOperation({
    operationId: 'listVerdicts',
    summary: 'What the gates of a rollout judged, with all inputs: each verdict can be decided again from them',
  })
  @ApiParam({ name: 'id' })
  @ApiCached()
  @ApiAnswer('VerdictPage', 'One page of verdicts in the order of the log; at most about 4 MiB.')
  @ApiProblems(400, 404, 422, 503)
  async verdicts(@Param('id') id: string, @Query() query: VerdictsQuery): Promise<Page<VerdictView>> {
    if (!(await this.history.knows(id))) throw noRollout(id);
    const { limit, cursor, gate } = query;
    const fromRev = cursor === undefined ? 1 : decodeCursor('verdicts', 'number', cursor);
    const { items, next } = await verdictPage(this.log, { id, fromRev, limit, gate });
    return { items, next: next === undefined ? null : encodeCursor('verdicts', next) };
  }

  @Get('gates/scoreboard')
  @ApiOperation({
    operationId: 'getGateScoreboard',
    summary: 'What gates that only record would have done, against how the rollouts ended',
  })
  @ApiCached()
  @ApiAnswer('GateScores', 'One line for each such gate. Rollouts that left the log count no more.')
  @ApiProblems(422)
  scoreboard(): { readonly items: readonly GateScore[] } {
    return { items: this.scores.list() };
  }
}
