import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { ArrayMaxSize, ArrayMinSize, IsArray, IsString, Length, Matches, MaxLength } from 'class-validator';

import { DURATION_PATTERN } from '@sluice/kernel';

import { GRANT_PATTERN } from '../access/grants.js';
import { Optional } from './optional.js';

const SUBJECT = /^(?:user|service):[^\p{Cc}\p{Cs}]{1,200}$/u;

export class CreateTokenInput {
  @ApiProperty({
    description: 'Whom it stands for: what they do is recorded under this name.',
    pattern: SUBJECT.source,
    example: 'user:ana',
  })
  @Matches(SUBJECT)
  readonly subject!: string;

  @ApiProperty({
    description: 'Roles: viewer, operator, approver, admin; limited to groups as in operator:web,db.',
    type: [String],
    minItems: 1,
    maxItems: 8,
    example: ['operator:web'],
  })
  @IsArray()
  @ArrayMinSize(1)
  @ArrayMaxSize(8)
  @IsString({ each: true })
  @Length(1, 4_000, { each: true })
  @Matches(GRANT_PATTERN, { each: true })
  readonly roles!: readonly string[];

  @ApiPropertyOptional({
    description: 'How long it counts; without end when left out.',
    pattern: DURATION_PATTERN,
    example: '30d',
  })
  @Optional()
  @IsString()
  @Matches(new RegExp(DURATION_PATTERN))
  readonly expiresIn?: string;

  @ApiPropertyOptional({ description: 'What it is for.', maxLength: 200 })
  @Optional()
  @IsString()
  @MaxLength(200)
  readonly note?: string;
}
