import { Controller, Get, Inject, Param } from '@nestjs/common';
import { ApiOperation, ApiParam, ApiTags } from '@nestjs/swagger';

import type { ChangeRecord } from '@sluice/audit';

import { changeRecordOf } from '../read-model/record.js';
import type { LogReader } from '../read-model/rollout-loader.js';
import { LOG } from '../tokens.js';
import { ApiAnswer, ApiCached, ApiProblems } from './documentation.js';
import { noRollout } from './lookup.js';

@ApiTags('rollouts')
@Controller('v1/rollouts')
export class RecordsController {
  constructor(@Inject(LOG) private readonly log: LogReader) {}

  @Get(':id/record')
  @ApiOperation({
    operationId: 'getRecord',
    summary: 'The change record: who, what, when, why, approved by whom, and what became of it',
    description:
      'For auditors: every statement with its place in the log and the hash of its commit. `sluice audit record` makes the same with proofs that need nothing but the public key.',
  })
  @ApiParam({ name: 'id' })
  @ApiCached()
  @ApiAnswer('ChangeRecord', 'A function of the commits that it names.')
  @ApiProblems(404, 410, 503)
  async record(@Param('id') id: string): Promise<ChangeRecord> {
    const record = await changeRecordOf(this.log, id);
    if (record === undefined) throw noRollout(id);
    return record;
  }
}
