import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { IsString, Length } from 'class-validator';

import { MOMENT_PATTERN } from '@sluice/kernel';

import type { Change } from '../past/diff.js';
import type { AtMoment } from '../past/cut.js';
import type { Difference } from '../past/difference.js';
import type { Between } from '../past/past.js';
import { decodeCursor, encodeCursor } from './cursor.js';
import { Optional } from './optional.js';
import { PageQuery, TargetsQuery } from './query-inputs.js';

const MOMENT = { pattern: MOMENT_PATTERN, example: '2026-01-31T12:00:00Z' };
const FORMS = 'RFC 3339 or ms since the epoch, a duration ago such as 5m, or a log position such as @118';
const AT = { ...MOMENT, description: `As the log tells it of that moment: ${FORMS}.` };
const MAX_LENGTH = 60;

/** What parseMoment does not understand is refused where it is read, in words. */
export class MomentQuery {
  @ApiPropertyOptional(AT)
  @Optional()
  @IsString()
  @Length(1, MAX_LENGTH)
  readonly at?: string;
}

export class PageAtQuery extends PageQuery {
  @ApiPropertyOptional(AT)
  @Optional()
  @IsString()
  @Length(1, MAX_LENGTH)
  readonly at?: string;
}

export class TargetsAtQuery extends TargetsQuery {
  @ApiPropertyOptional(AT)
  @Optional()
  @IsString()
  @Length(1, MAX_LENGTH)
  readonly at?: string;
}

export class BetweenQuery extends PageQuery {
  @ApiProperty({ ...MOMENT, description: `The one moment: ${FORMS}.` })
  @IsString()
  @Length(1, MAX_LENGTH)
  readonly from!: string;

  @ApiPropertyOptional({ ...MOMENT, description: 'The other moment, in the same forms; now when left out.' })
  @Optional()
  @IsString()
  @Length(1, MAX_LENGTH)
  readonly to?: string;
}

export const betweenOf = ({ from, to, limit, cursor }: BetweenQuery): Between => ({
  ...{ from, to, limit },
  skip: cursor === undefined ? 0 : Math.max(0, Math.floor(decodeCursor('changes', 'number', cursor))),
});

/** What changed between two moments; `next` continues the list. */
export interface DifferencePage extends Omit<Difference, 'next'> {
  readonly items: readonly Change[];
  readonly next: string | null;
}

export const differencePage = ({ next, ...difference }: Difference): DifferencePage => ({
  ...difference,
  next: next === undefined ? null : encodeCursor('changes', next),
});

/** An answer of the present, or of a moment that was asked for. */
export type At<T> = T & { readonly at?: AtMoment };
