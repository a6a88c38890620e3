import type { Actor } from '@sluice/kernel';
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

class CommandActorDto implements Actor {
  @IsString()
  @Length(1, 200)
  readonly id!: string;

  @IsIn(ACTOR_KINDS)
  readonly kind!: (typeof ACTOR_KINDS)[number];
}

/** What every command carries (design 9); the command itself is read by the schema of a group. */
export class InventoryEnvelopeDto {
  @Equals(1)
  readonly v!: 1;

  /** Idempotency key. */
  @IsString()
  @Matches(/^[\x21-\x7e]{1,128}$/)
  readonly id!: string;

  @IsString()
  @Length(1, 200)
  readonly target!: string;

  @IsObject()
  readonly command!: Record<string, unknown>;

  @ValidateNested()
  @Type(() => CommandActorDto)
  @IsObject()
  readonly actor!: CommandActorDto;

  @IsOptional()
  @IsString()
  @Length(0, 2_000)
  readonly reason?: string;

  @IsOptional()
  @IsInt()
  @Min(0)
  readonly expectedRev?: number;
}
