import { Controller, Get, Inject, Param, Query } from '@nestjs/common';
import { ApiOperation, ApiParam, ApiPropertyOptional, ApiTags } from '@nestjs/swagger';
import { Type } from 'class-transformer';
import { IsInt, Max, Min } from 'class-validator';

import { STEP_CHAIN, type StepName } from '@sluice/contracts';

import type { Outputs, StepOutput } from '../outputs/outputs.js';
import { refuse } from '../problems/problem.js';
import { OUTPUTS } from '../tokens.js';
import { ApiAnswer, ApiCached, ApiProblems } from './documentation.js';
import { Optional } from './optional.js';

const STEPS: readonly StepName[] = ['probe', ...STEP_CHAIN];
const MAX_ATTEMPT = 1_000_000;

export class OutputInput {
  @ApiPropertyOptional({
    minimum: 1,
    maximum: MAX_ATTEMPT,
    description: "The target's attempt; the last one that has this step when it is missing.",
  })
  @Optional()
  @Type(() => Number)
  @IsInt()
  @Min(1)
  @Max(MAX_ATTEMPT)
  readonly n?: number;
}

@ApiTags('rollouts')
@Controller('v1/rollouts')
export class OutputsController {
  constructor(@Inject(OUTPUTS) private readonly outputs: Outputs) {}

  @Get(':id/targets/:host/steps/:step/output')
  @ApiOperation({
    operationId: 'getStepOutput',
    summary: 'What a step wrote: its last 64 KiB, asked of the host',
    description: 'Hosts keep the output of their latest 64 steps of each app.',
  })
  @ApiParam({ name: 'id' })
  @ApiParam({
    name: 'host',
    description: 'A host of the plan, or # and its place in the plan, as events name targets.',
  })
  @ApiParam({ name: 'step', enum: STEPS })
  @ApiCached()
  @ApiAnswer('StepOutput', 'Text as the step wrote it, whatever its form.')
  @ApiProblems(400, 404, 422, 503, 504)
  output(
    @Param('id') rollout: string,
    @Param('host') target: string,
    @Param('step') text: string,
    @Query() { n }: OutputInput,
  ): Promise<StepOutput> {
    const step = STEPS.find((name) => name === text);
    if (step !== undefined) return this.outputs.of({ rollout, target, step, n });
    throw refuse('NOT_FOUND', `there is no step ${text.slice(0, 60)}: steps are ${STEPS.join(', ')}`);
  }
}
