import { Controller, Get, Inject, Param } from '@nestjs/common';
import { ApiOperation, ApiParam, ApiTags } from '@nestjs/swagger';

import type { Reports } from '../read-model/reports.js';
import type { RolloutReport } from '../read-model/report.js';
import { REPORTS } from '../tokens.js';
import { ApiAnswer, ApiCached, ApiProblems } from './documentation.js';
import { noRollout } from './lookup.js';

@ApiTags('rollouts')
@Controller('v1/rollouts')
export class ReportsController {
  constructor(@Inject(REPORTS) private readonly reports: Reports) {}

  @Get(':id/report')
  @ApiOperation({
    operationId: 'getReport',
    summary: 'How long the rollout, its batches and its steps took (p50, p95)',
  })
  @ApiParam({ name: 'id' })
  @ApiCached()
  @ApiAnswer('Report', 'Durations in ms.')
  @ApiProblems(404, 503)
  async report(@Param('id') id: string): Promise<RolloutReport> {
    const report = await this.reports.of(id);
    if (report === undefined) throw noRollout(id);
    return report;
  }
}
