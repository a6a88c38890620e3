import { ApiProperty } from '@nestjs/swagger';
import { IsIn } from 'class-validator';

import type { RolloutLabel } from '@sluice/contracts';

import { ReasonInput } from './command-inputs.js';

const LABELS = ['good', 'bad', 'none'] as const satisfies readonly RolloutLabel[];

export class LabelInput extends ReasonInput {
  @ApiProperty({ enum: LABELS, description: 'What it was, as somebody found out; none takes a label back.' })
  @IsIn(LABELS)
  readonly label!: RolloutLabel;
}
