import { Type } from 'class-transformer';
import {
  Equals,
  IsIn,
  IsInt,
  IsObject,
  IsOptional,
  IsString,
  Length,
  Matches,
  Min,
  ValidateNested,
} from 'class-validator';

const ACTOR_KINDS = ['user', 'service', 'agent', 'policy'] as const;

export class ActorDto {
  @IsString()
  @Length(1, 200)
  id!: string;

  @IsIn(ACTOR_KINDS)
  kind!: (typeof ACTOR_KINDS)[number];
}

/** What every command carries (design 9); the command itself is read by its compiled schema. */
export class CommandEnvelopeDto {
  @Equals(1)
  v!: 1;

  /** Idempotency key. */
  @IsString()
  @Matches(/^[\x21-\x7e]{1,128}$/)
  id!: string;

  @IsString()
  @Length(1, 200)
  target!: string;

  @IsObject()
  command!: object;

  @ValidateNested()
  @Type(() => ActorDto)
  @IsObject()
  actor!: ActorDto;

  @IsOptional()
  @IsString()
  @Length(0, 500)
  reason?: string;

  @IsOptional()
  @IsInt()
  @Min(0)
  expectedRev?: number;
}
