import { Controller, Get, Inject, Param, Query } from '@nestjs/common';
import { ApiOperation, ApiTags } from '@nestjs/swagger';

import { type Clock, parseDuration } from '@sluice/kernel';
import type { Explanation, Series } from '@sluice/variable';

import { CLOCK, FLEETS, VARIABLES_PAST } from '../tokens.js';
import type { Fleets } from '../variables/fleets.js';
import type { VariablesPast } from '../variables/past.js';
import { ApiAnswer, ApiCached, ApiProblems } from './documentation.js';
import { foundIn, noVariable } from './lookup.js';
import { instantOf } from './query-inputs.js';
import { ExplainInput, SeriesInput } from './variable-inputs.js';

const DAY_MS = 86_400_000;

/** What was decided for hosts, and why: from the log alone. */
@ApiTags('variables')
@Controller('v1/variables')
export class VariablesPastController {
  constructor(
    @Inject(FLEETS) private readonly fleets: Fleets,
    @Inject(VARIABLES_PAST) private readonly past: VariablesPast,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  @Get(':fleet/:name/series')
  @ApiOperation({
    operationId: 'getVariableSeries',
    summary: 'How many hosts were to have which value, step by step: the old line falls, the new one rises',
  })
  @ApiCached()
  @ApiAnswer('VariableSeries', 'At most 1,500 points: `stepMs` is a multiple of the step where there were more.')
  @ApiProblems(404, 422, 503)
  async series(
    @Param('fleet') fleet: string,
    @Param('name') name: string,
    @Query() query: SeriesInput,
  ): Promise<Series> {
    foundIn(this.fleets, fleet, name);
    const to = query.to === undefined ? this.clock.now() : instantOf(query.to);
    const from = query.from === undefined ? to - DAY_MS : instantOf(query.from);
    const role = query.role === undefined ? {} : { role: query.role };
    return this.past.series(fleet, { variable: name, from, to, stepMs: parseDuration(query.step), ...role });
  }

  @Get(':fleet/:name/explain')
  @ApiOperation({
    operationId: 'explainVariable',
    summary: 'Why a host is, or at any time was, to have its value: from the log alone',
  })
  @ApiCached()
  @ApiAnswer('VariableExplanation', 'The value, the rule that bound, the fraction, and its place in its role.')
  @ApiProblems(404, 422, 503)
  async explain(
    @Param('fleet') fleet: string,
    @Param('name') name: string,
    @Query() { host, at }: ExplainInput,
  ): Promise<Explanation> {
    foundIn(this.fleets, fleet, name);
    const when = at === undefined ? this.clock.now() : instantOf(at);
    const [explanation] = await this.past.explain(fleet, [name], { host, at: when });
    if (explanation === undefined) throw noVariable(fleet, name);
    return explanation;
  }
}
