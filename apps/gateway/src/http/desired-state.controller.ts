import { Controller, Get, Inject, Param, Query, Req, Res } from '@nestjs/common';
import { ApiHeader, ApiOperation, ApiTags } from '@nestjs/swagger';

import { REQUEST_PATTERNS } from '@sluice/contracts';
import type { Clock } from '@sluice/kernel';
import type { Explanation } from '@sluice/variable';

import { refuse } from '../problems/problem.js';
import { CLOCK, DESIRED_STATE, FLEETS, VARIABLES_PAST } from '../tokens.js';
import { type DesiredState, noFleet } from '../variables/desired-state.js';
import { waitOf } from '../variables/fast-path.js';
import { DEFAULT_FLEET, type Fleets } from '../variables/fleets.js';
import type { VariablesPast } from '../variables/past.js';
import { ApiAnswer, ApiCached, ApiProblems } from './documentation.js';
import type { Exchange, Reply } from './exchange.js';
import { DesiredStateQuery } from './variable-inputs.js';

const MAX_NAME_BYTES = 200;

@ApiTags('variables')
@Controller('v1/desired-state')
export class DesiredStateController {
  constructor(
    @Inject(DESIRED_STATE) private readonly desired: DesiredState,
    @Inject(FLEETS) private readonly fleets: Fleets,
    @Inject(VARIABLES_PAST) private readonly past: VariablesPast,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  @Get(':host')
  @ApiOperation({
    operationId: 'getDesiredState',
    summary: 'All that a host is to have: for hosts, to be asked again and again',
    description:
      'One flat JSON object, a value for each variable. Send the ETag back as If-None-Match: 304 until a value changes. A host that is new joins with its role. A client that cannot reach this keeps what it has.',
  })
  @ApiHeader({
    name: 'X-Sluice-Actual',
    required: false,
    description: 'What the host has now: name=value, name=value, each percent-encoded. Shown with the variable.',
  })
  @ApiCached()
  @ApiAnswer('DesiredState', 'Flat without `explain`; with it an explanation for each variable.')
  @ApiProblems(404, 422, 503)
  async get(
    @Param('host') host: string,
    @Query() query: DesiredStateQuery,
    @Req() request: Exchange,
    @Res() reply: Reply,
  ): Promise<void> {
    const { fleet = DEFAULT_FLEET, role, wait, explain } = query;
    for (const name of [host, role ?? 'role']) assertName(name);
    if (explain !== undefined) {
      reply.header('content-type', 'application/json; charset=utf-8');
      reply.send(JSON.stringify(await this.explained(fleet, host)));
      return;
    }
    const waitMs = wait === undefined ? 0 : (waitOf(wait) ?? 0);
    const question = { fleet, host, role, waitMs, headers: request.headers };
    if (this.fleets.find(fleet) === undefined) throw noFleet(fleet);
    reply.hijack();
    await this.desired.ask(question, reply.raw);
  }

  private async explained(fleet: string, host: string): Promise<Readonly<Record<string, Explanation>>> {
    const view = this.fleets.find(fleet);
    if (view === undefined) throw noFleet(fleet);
    const names = view.variables.map(({ spec }) => spec.name);
    const all = await this.past.explain(fleet, names, { host, at: this.clock.now() });
    return Object.fromEntries(all.map((each) => [each.variable, each]));
  }
}

const NAME = new RegExp(REQUEST_PATTERNS.name, 'u');

/** A host that asks joins for good, so it has a name like any host of the inventory. Code BAD_NAME. */
function assertName(name: string): void {
  if (NAME.test(name) && Buffer.byteLength(name) <= MAX_NAME_BYTES) return;
  const rule = 'begins with a letter, a digit or _, and has letters, digits and . _ @ + - in it';
  throw refuse('BAD_NAME', `a name of a host or role ${rule}: at most ${MAX_NAME_BYTES} bytes`, { status: 422 });
}
