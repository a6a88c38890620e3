import { ApiPropertyOptional } from '@nestjs/swagger';
import { Type } from 'class-transformer';
import { IsIn, IsInt, IsString, Length, Matches, Max, Min } from 'class-validator';

import { PHASES, type Phase, type RolloutStatus } from '@sluice/rollout';

import { DEFAULT_LIMIT, MAX_LIMIT } from './cursor.js';
import { Optional } from './optional.js';
import { refuse } from '../problems/problem.js';
import { STATES } from './schemas/rollouts.js';

/** An instant as RFC 3339 has it, or ms since the epoch. */
export const INSTANT = /^(?:\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:Z|[+-]\d\d:\d\d)|\d{1,14})$/;

/** One page of a list. */
export class PageQuery {
  @ApiPropertyOptional({ minimum: 1, maximum: MAX_LIMIT, default: DEFAULT_LIMIT })
  @Optional()
  @Type(() => Number)
  @IsInt()
  @Min(1)
  @Max(MAX_LIMIT)
  readonly limit: number = DEFAULT_LIMIT;

  @ApiPropertyOptional({ description: '`next` of the page before.' })
  @Optional()
  @IsString()
  @Length(1, 1_024)
  readonly cursor?: string;
}

export class RolloutsQuery extends PageQuery {
  @ApiPropertyOptional()
  @Optional()
  @IsString()
  @Length(1, 200)
  readonly app?: string;

  @ApiPropertyOptional()
  @Optional()
  @IsString()
  @Length(1, 200)
  readonly group?: string;

  @ApiPropertyOptional({ enum: STATES })
  @Optional()
  @IsIn(STATES)
  readonly state?: RolloutStatus;

  @ApiPropertyOptional({
    description: 'Planned at or after that time: RFC 3339, or ms since the epoch.',
    pattern: INSTANT.source,
    example: '2026-01-31T12:00:00Z',
  })
  @Optional()
  @Matches(INSTANT)
  readonly since?: string;

  @ApiPropertyOptional({
    enum: ['true', 'false'],
    description:
      'Only rollouts that left the log for the archive, or only those that stand in the log; both when absent.',
  })
  @Optional()
  @IsIn(['true', 'false'])
  readonly archived?: 'true' | 'false';
}

export class GroupsQuery extends PageQuery {
  @ApiPropertyOptional({ maxLength: 200, minLength: 1 })
  @Optional()
  @IsString()
  @Length(1, 200)
  readonly app?: string;
}

/** ms since the epoch of what INSTANT lets pass. Code BAD_INPUT for a day that no month has. */
export function instantOf(text: string): number {
  const ms = /^\d+$/.test(text) ? Number(text) : Date.parse(text);
  if (Number.isNaN(ms)) {
    throw refuse('BAD_INPUT', `since ${text} is no time: write 2026-01-31T12:00:00Z or ms since the epoch`, {
      status: 422,
    });
  }
  return ms;
}

export class TargetsQuery extends PageQuery {
  @ApiPropertyOptional({ enum: PHASES })
  @Optional()
  @IsIn(PHASES)
  readonly phase?: Phase;
}

export class VerdictsQuery extends PageQuery {
  @ApiPropertyOptional({ maxLength: 200, minLength: 1, description: 'Only verdicts of this gate.' })
  @Optional()
  @IsString()
  @Length(1, 200)
  readonly gate?: string;
}

export class EventsQuery {
  @ApiPropertyOptional({ minimum: 1, maximum: MAX_LIMIT, default: DEFAULT_LIMIT })
  @Optional()
  @Type(() => Number)
  @IsInt()
  @Min(1)
  @Max(MAX_LIMIT)
  readonly limit: number = DEFAULT_LIMIT;

  @ApiPropertyOptional({ description: 'Only commits after this log position.' })
  @Optional()
  @Matches(/^\d{1,15}$/)
  readonly after?: string;
}
