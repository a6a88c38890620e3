import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { IsIn, IsISO8601, IsString, Length, Matches } from 'class-validator';

import type { HoldScope } from '@sluice/contracts';

import { ReasonInput } from './command-inputs.js';
import { Optional } from './optional.js';

const KINDS = ['all', 'rollout', 'group', 'app', 'period'] as const;
const NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$/;

export class HoldInput extends ReasonInput {
  @ApiProperty({ description: 'Its name, such as that of the case.', example: 'case-7', pattern: NAME.source })
  @Matches(NAME)
  readonly name!: string;

  @ApiProperty({ enum: KINDS, description: 'What it keeps: everything, one rollout, group or app, or a period.' })
  @IsIn(KINDS)
  readonly scope!: HoldScope['kind'];

  @ApiPropertyOptional({ description: 'Of the rollout, group or app.', maxLength: 200 })
  @Optional()
  @IsString()
  @Length(1, 200)
  readonly of?: string;

  @ApiPropertyOptional({ description: 'Begin of the period.', format: 'date-time' })
  @Optional()
  @IsISO8601({ strict: true, strictSeparator: true })
  readonly since?: string;

  @ApiPropertyOptional({ description: 'End of the period, not included.', format: 'date-time' })
  @Optional()
  @IsISO8601({ strict: true, strictSeparator: true })
  readonly until?: string;
}
