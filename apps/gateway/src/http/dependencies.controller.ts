import { Body, Controller, Get, Inject, Param, Req, Res } from '@nestjs/common';
import { ApiOperation, ApiTags } from '@nestjs/swagger';

import type { DependencyCommand } from '@sluice/contracts';
import { parseDuration } from '@sluice/kernel';

import type { Commander, Done } from '../commands/commander.js';
import type { DependencyIndex, DependencyView } from '../read-model/dependency-index.js';
import { COMMANDER, DEPENDENCIES } from '../tokens.js';
import { type CommandInput, ForceInput, ReasonInput } from './command-inputs.js';
import { Command } from './command-route.js';
import { ApiAnswer, ApiCached, ApiProblems } from './documentation.js';
import type { Exchange, Reply } from './exchange.js';

@ApiTags('dependencies')
@Controller('v1/dependencies')
export class DependenciesController {
  constructor(
    @Inject(DEPENDENCIES) private readonly dependencies: DependencyIndex,
    @Inject(COMMANDER) private readonly commander: Commander,
  ) {}

  @Get()
  @ApiOperation({
    operationId: 'listDependencies',
    summary: 'Load balancers and the CMDB: their circuit breakers, and what is forced by whom until when',
  })
  @ApiCached()
  @ApiAnswer('Dependencies', 'By name.')
  @ApiProblems(422)
  list(): { readonly items: readonly DependencyView[] } {
    return { items: this.dependencies.list() };
  }

  @Command(
    ':name/commands/force',
    'Dependency',
    'Leave a dependency alone (open), or ask it whatever its breaker says (closed), for a time; needs a reason',
  )
  force(
    @Param('name') name: string,
    @Body() body: ForceInput,
    @Req() request: Exchange,
    @Res({ passthrough: true }) reply: Reply,
  ): Promise<Done> {
    const command = { type: 'force', mode: body.mode, forMs: parseDuration(body.for) } as const;
    return this.say({ name, body, request, reply }, command);
  }

  @Command(':name/commands/release', 'Dependency', 'End a forced mode before its time; needs a reason')
  release(
    @Param('name') name: string,
    @Body() body: ReasonInput,
    @Req() request: Exchange,
    @Res({ passthrough: true }) reply: Reply,
  ): Promise<Done> {
    return this.say({ name, body, request, reply }, { type: 'release' });
  }

  private say({ name, body, request, reply }: Call, command: DependencyCommand): Promise<Done> {
    return this.commander.dependency({ target: name, command, reason: body.reason, request }, reply);
  }
}

interface Call {
  readonly name: string;
  readonly body: CommandInput;
  readonly request: Exchange;
  readonly reply: Reply;
}
