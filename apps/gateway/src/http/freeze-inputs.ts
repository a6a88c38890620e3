import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { IsIn, IsISO8601, IsString, Length, Matches } from 'class-validator';

import type { FreezeScope } from '@sluice/contracts';
import { DURATION_PATTERN } from '@sluice/kernel';

import { ReasonInput } from './command-inputs.js';
import { Optional } from './optional.js';

const KINDS = ['all', 'environment', 'app', 'group'] as const;

export class FreezeInput extends ReasonInput {
  @ApiProperty({ enum: KINDS, description: 'What is frozen: everything, or one environment, app or group.' })
  @IsIn(KINDS)
  readonly scope!: FreezeScope['kind'];

  @ApiPropertyOptional({ description: 'Of the environment, app or group; not with scope all.', maxLength: 200 })
  @Optional()
  @IsString()
  @Length(1, 200)
  readonly name?: string;

  @ApiProperty({ description: 'How long, at most 92d.', example: '2h' })
  @Matches(new RegExp(DURATION_PATTERN))
  readonly for!: string;

  @ApiPropertyOptional({ description: 'When it begins; now when left out.', format: 'date-time' })
  @Optional()
  @IsISO8601({ strict: true, strictSeparator: true })
  readonly from?: string;
}
