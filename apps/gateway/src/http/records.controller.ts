import { Controller, Get, Inject, Param } from '@nestjs/common';
import { ApiOperation, ApiParam, ApiTags } from '@nestjs/swagger';

import type { ChangeRecord } from '@sluice/audit';

import type { Past } from '../past/past.js';
import { PAST } from '../tokens.js';
import { ApiAnswer, ApiCached, ApiProblems } from './documentation.js';

@ApiTags('rollouts')
@Controller('v1/rollouts')
export class RecordsController {
  constructor(@Inject(PAST) private readonly past: Past) {}

  @Get(':id/record')
  @ApiOperation({
    operationId: 'getRecord',
    summary: 'The change record: who, what, when, why, approved by whom, and what became of it',
    description:
      'For auditors: every statement with its place in the log and the hash of its commit. `sluice audit record` makes the same with proofs that need nothing but the public key. It is read from all of its history: with other questions about the past, one at a time, sixteen wait, then 503 `TOO_BUSY`.',
  })
  @ApiParam({ name: 'id' })
  @ApiCached()
  @ApiAnswer('ChangeRecord', 'A function of the commits that it names.')
  @ApiProblems(404, 410, 503)
  record(@Param('id') id: string): Promise<ChangeRecord> {
    return this.past.record(id);
  }
}
