import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import {
  ArrayMaxSize,
  ArrayMinSize,
  IsArray,
  IsIn,
  IsObject,
  IsString,
  Length,
  Matches,
  MaxLength,
  ValidateBy,
} from 'class-validator';

import {
  type RoleLimit,
  type Scalar,
  type ScalarType,
  VARIABLE_NAME_PATTERN,
  type VariableSchedule,
  type VariableSpec,
} from '@sluice/contracts';
import { DURATION_PATTERN, parseDuration } from '@sluice/kernel';

import { refuse } from '../problems/problem.js';
import { ReasonInput } from './command-inputs.js';
import { Optional } from './optional.js';
import { INSTANT } from './query-inputs.js';

const SCALAR = { anyOf: [{ type: 'string' }, { type: 'number' }, { type: 'boolean' }] };
const TYPES = ['string', 'number', 'boolean'] as const;
const MAX_HOSTS = 500;
const DURATION = new RegExp(DURATION_PATTERN);
const NAME = new RegExp(VARIABLE_NAME_PATTERN, 'u');

/** Looked at when it is read: a text or a list. */
const IsPlainValue = (): PropertyDecorator =>
  ValidateBy({
    name: 'isTextOrList',
    validator: {
      validate: (value: unknown) => typeof value === 'string' || Array.isArray(value),
      defaultMessage: () => 'must be a duration, or a list of {after, percent}',
    },
  });

const IsScalar = (): PropertyDecorator =>
  ValidateBy({
    name: 'isScalar',
    validator: {
      validate: (value: unknown) => (TYPES as readonly string[]).includes(typeof value),
      defaultMessage: () => 'must be a text, a number, or true or false',
    },
  });

export class DefineInput extends ReasonInput {
  @ApiPropertyOptional({ enum: TYPES, description: 'Of all its values; that of `to` when left out.' })
  @Optional()
  @IsIn(TYPES)
  readonly type?: ScalarType;

  @ApiProperty({ ...SCALAR, description: 'What all hosts have now.', example: '1.6' })
  @IsScalar()
  readonly from!: Scalar;

  @ApiProperty({ ...SCALAR, description: 'What they are to have at the end.', example: '1.9' })
  @IsScalar()
  readonly to!: Scalar;

  @ApiProperty({
    description: 'How long its ramp takes, at an even pace; or points of it, joined by straight lines, to 100 percent.',
    anyOf: [{ type: 'string' }, { type: 'array', items: { type: 'object' } }],
    example: '14d',
  })
  @IsPlainValue()
  readonly over!: string | readonly object[];

  @ApiPropertyOptional({
    description:
      'By role, * for all others: maxPercent, minHosts, maxHosts, and pace {changes, window} for at most so many changes in any window.',
    type: 'object',
    additionalProperties: { type: 'object' },
    example: { '*': { maxPercent: 30, minHosts: 1, pace: { changes: 1, window: '10m' } } },
  })
  @Optional()
  @IsObject()
  readonly limits?: Readonly<Record<string, object>>;

  @ApiPropertyOptional({ description: 'Another one gives the hosts another order.', maxLength: 100 })
  @Optional()
  @IsString()
  @MaxLength(100)
  readonly salt?: string;
}

export class UnpinInput extends ReasonInput {
  @ApiProperty({
    type: [String],
    description: 'Names of hosts.',
    maxItems: MAX_HOSTS,
    minItems: 1,
    example: ['web-01'],
  })
  @IsArray()
  @ArrayMinSize(1)
  @ArrayMaxSize(MAX_HOSTS)
  @IsString({ each: true })
  @Length(1, 200, { each: true })
  readonly hosts!: readonly string[];
}

export class PinInput extends UnpinInput {
  @ApiProperty({ ...SCALAR, description: 'What they are to have, whatever the ramp does.' })
  @IsScalar()
  readonly value!: Scalar;
}

export class VariablesQuery {
  @ApiPropertyOptional({ description: 'Only those of this fleet.', minLength: 1, maxLength: 200 })
  @Optional()
  @IsString()
  @Length(1, 200)
  readonly fleet?: string;
}

export class SeriesInput {
  @ApiPropertyOptional({
    description: 'RFC 3339 or ms since the epoch; a day before `to` when left out.',
    pattern: INSTANT.source,
  })
  @Optional()
  @Matches(INSTANT)
  readonly from?: string;

  @ApiPropertyOptional({ description: 'RFC 3339 or ms since the epoch; now when left out.', pattern: INSTANT.source })
  @Optional()
  @Matches(INSTANT)
  readonly to?: string;

  @ApiPropertyOptional({
    description: 'A point for each; wider where there would be too many.',
    default: '1m',
    example: '1m',
  })
  @Optional()
  @Matches(DURATION)
  readonly step: string = '1m';

  @ApiPropertyOptional({ description: 'Only hosts of this role.', minLength: 1, maxLength: 200 })
  @Optional()
  @IsString()
  @Length(1, 200)
  readonly role?: string;
}

export class ExplainInput {
  @ApiProperty({ description: 'The host.', minLength: 1, maxLength: 200 })
  @IsString()
  @Length(1, 200)
  readonly host!: string;

  @ApiPropertyOptional({ description: 'RFC 3339 or ms since the epoch; now when left out.', pattern: INSTANT.source })
  @Optional()
  @Matches(INSTANT)
  readonly at?: string;
}

export class DesiredStateQuery {
  @ApiPropertyOptional({ description: 'The fleet; `default` when left out.', minLength: 1, maxLength: 200 })
  @Optional()
  @IsString()
  @Length(1, 200)
  readonly fleet?: string;

  @ApiPropertyOptional({
    description: 'What the host is for: it joins as one of these; `default` when left out.',
    minLength: 1,
    maxLength: 200,
  })
  @Optional()
  @IsString()
  @Length(1, 200)
  readonly role?: string;

  @ApiPropertyOptional({
    description: 'With If-None-Match: how long to wait for something else, at most 50s, before 304 is answered.',
    example: '30s',
  })
  @Optional()
  @Matches(DURATION)
  readonly wait?: string;

  @ApiPropertyOptional({ enum: ['1'], description: 'Why it is to have each value: from the log, and slower.' })
  @Optional()
  @IsIn(['1'])
  readonly explain?: '1';
}

/** Code BAD_INPUT for what names no ramp. What it says is looked at again by whoever decides. */
export function specOf(name: string, input: DefineInput): VariableSpec {
  const { from, to, type = typeof to as ScalarType, salt = '' } = input;
  if (!NAME.test(name))
    throw bad('/name', 'a letter or _, then letters, digits, _ . or -: it is a key of a JSON object');
  const limits = Object.entries(input.limits ?? {}).map(([role, limit]) => [role, limitOf(role, limit)] as const);
  return { name, type, from, to, schedule: scheduleOf(input.over), limits: Object.fromEntries(limits), salt };
}

function scheduleOf(over: unknown): VariableSchedule {
  if (!Array.isArray(over)) return { kind: 'linear', durationMs: durationOf('/over', over) };
  return { kind: 'points', points: over.map((point: unknown, i) => pointOf(point, `/over/${i}`)) };
}

function pointOf(point: unknown, path: string): readonly [number, number] {
  const { after, percent } = recordOf(path, point);
  if (typeof percent !== 'number') throw bad(`${path}/percent`, 'is a number from 0 to 100');
  return [durationOf(`${path}/after`, after), percent / 100];
}

function limitOf(role: string, limit: unknown): RoleLimit {
  const path = `/limits/${role}`;
  const { pace, ...rest } = recordOf(path, limit);
  if (pace === undefined) return rest;
  const { changes, window } = recordOf(`${path}/pace`, pace);
  return { ...rest, pace: { changes: Number(changes), windowMs: durationOf(`${path}/pace/window`, window) } };
}

const recordOf = (path: string, value: unknown): Readonly<Record<string, unknown>> => {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return { ...value };
  throw bad(path, 'is no object');
};

function durationOf(path: string, text: unknown): number {
  if (typeof text === 'string' && DURATION.test(text)) return parseDuration(text);
  throw bad(path, 'is a duration such as 30s, 10m or 14d');
}

const bad = (path: string, message: string): Error =>
  refuse('BAD_INPUT', `${path} ${message}`, { status: 422, faults: [{ path, code: 'BAD_VALUE', message }] });
