import { ApiPropertyOptional } from '@nestjs/swagger';
import { Type } from 'class-transformer';
import { IsIn, IsInt, IsOptional, IsString, Length, Matches, Max, Min } from 'class-validator';

import { PHASES, type Phase, type RolloutStatus } from '@sluice/rollout';

import { DEFAULT_LIMIT, MAX_LIMIT } from './cursor.js';

const STATES = [
  'planned',
  'running',
  'awaiting-approval',
  'paused',
  'braked',
  'settling',
  'succeeded',
  'failed',
  'cancelled',
  'closed',
] as const satisfies readonly RolloutStatus[];

/** One page of a list. */
export class PageQuery {
  @ApiPropertyOptional({ minimum: 1, maximum: MAX_LIMIT, default: DEFAULT_LIMIT })
  @IsOptional()
  @Type(() => Number)
  @IsInt()
  @Min(1)
  @Max(MAX_LIMIT)
  readonly limit: number = DEFAULT_LIMIT;

  @ApiPropertyOptional({ description: '`next` of the page before.' })
  @IsOptional()
  @IsString()
  @Length(1, 1_024)
  readonly cursor?: string;
}

export class RolloutsQuery extends PageQuery {
  @ApiPropertyOptional()
  @IsOptional()
  @IsString()
  @Length(1, 200)
  readonly app?: string;

  @ApiPropertyOptional()
  @IsOptional()
  @IsString()
  @Length(1, 200)
  readonly group?: string;

  @ApiPropertyOptional({ enum: STATES })
  @IsOptional()
  @IsIn(STATES)
  readonly state?: RolloutStatus;
}

export class TargetsQuery extends PageQuery {
  @ApiPropertyOptional({ enum: PHASES })
  @IsOptional()
  @IsIn(PHASES)
  readonly phase?: Phase;
}

export class EventsQuery {
  @ApiPropertyOptional({ minimum: 1, maximum: MAX_LIMIT, default: DEFAULT_LIMIT })
  @IsOptional()
  @Type(() => Number)
  @IsInt()
  @Min(1)
  @Max(MAX_LIMIT)
  readonly limit: number = DEFAULT_LIMIT;

  @ApiPropertyOptional({ description: 'Only commits after this log position.' })
  @IsOptional()
  @Matches(/^\d{1,15}$/)
  readonly after?: string;
}
