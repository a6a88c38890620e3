import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { IsIn, IsInt, IsString, Length, Matches, Max, MaxLength, Min } from 'class-validator';

import type { ApprovalName, ForcedMode, RolloutMode } from '@sluice/contracts';
import { DURATION_PATTERN } from '@sluice/kernel';

import { Optional } from './optional.js';

const HASH = /^[0-9a-f]{64}$/;
const DURATION = new RegExp(DURATION_PATTERN);

/** What every command may say. */
export class CommandInput {
  @ApiPropertyOptional({ description: 'Why; it stays in the history.', maxLength: 500 })
  @Optional()
  @IsString()
  @MaxLength(500)
  readonly reason?: string;
}

/** Commands that stay in the history with why they were said. */
export class ReasonInput extends CommandInput {
  @ApiProperty({ description: 'Why; it stays in the history.', minLength: 1, maxLength: 500 })
  @IsString()
  @Length(1, 500)
  declare readonly reason: string;
}

export class ForceInput extends ReasonInput {
  @ApiProperty({ enum: ['open', 'closed'], description: 'open: as if it did not answer. closed: asked in any case.' })
  @IsIn(['open', 'closed'])
  readonly mode!: ForcedMode;

  @ApiProperty({ description: 'When it ends by itself, at most 24h from now.', example: '15m' })
  @Matches(DURATION)
  readonly for!: string;
}

export class ApproveInput extends CommandInput {
  @ApiProperty({ enum: ['canary', 'batches'], description: 'The approval that the rollout waits for.' })
  @IsIn(['canary', 'batches'])
  readonly approval!: ApprovalName;

  @ApiProperty({
    description: 'Hash of the plan that was read: another plan is not approved by it.',
    pattern: HASH.source,
  })
  @Matches(HASH)
  readonly planHash!: string;
}

export class RejectInput extends CommandInput {
  @ApiProperty({ enum: ['canary', 'batches'] })
  @IsIn(['canary', 'batches'])
  readonly approval!: ApprovalName;
}

/** Commands that name one host. */
export class HostInput extends CommandInput {
  @ApiProperty({ description: 'Name of the host.', maxLength: 200 })
  @IsString()
  @Length(1, 200)
  readonly host!: string;
}

export class OverrideInput extends CommandInput {
  @ApiProperty({ description: 'How many more failures this rollout takes on.', minimum: 1, maximum: 10_000_000 })
  @IsInt()
  @Min(1)
  @Max(10_000_000)
  readonly extraFailures!: number;
}

export class WeightInput extends CommandInput {
  @ApiProperty({ description: 'Percent of traffic on the new side.', minimum: 0, maximum: 100 })
  @IsInt()
  @Min(0)
  @Max(100)
  readonly weight!: number;
}

export class ModeInput extends CommandInput {
  @ApiProperty({ enum: ['automatic', 'manual'], description: 'manual: each batch waits for proceed.' })
  @IsIn(['automatic', 'manual'])
  readonly mode!: RolloutMode;
}

export class IntervalInput extends CommandInput {
  @ApiPropertyOptional({ description: 'Wait before batch 2 and each later one until tailFrom.', example: '30s' })
  @Optional()
  @Matches(DURATION)
  readonly interval?: string;

  @ApiPropertyOptional({ description: 'Wait before batch tailFrom and each later one.', example: '5m' })
  @Optional()
  @Matches(DURATION)
  readonly tailInterval?: string;
}

/** Commands that name one version. */
export class VersionInput extends CommandInput {
  @ApiProperty({ description: 'A version of the app.', maxLength: 200 })
  @IsString()
  @Length(1, 200)
  readonly version!: string;
}

export class RedeployInput extends VersionInput {}
